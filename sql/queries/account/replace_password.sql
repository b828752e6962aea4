-- Sets a password without asking for the one before.
-- $1 uuid: account; $2 text: new hash.
-- Changes 1 row. Index: accounts_pkey.
UPDATE accounts SET password_hash = $2 WHERE account_id = $1
