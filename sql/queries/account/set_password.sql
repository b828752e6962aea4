-- Changes the password, if it still is the one that was checked.
-- $1 uuid: account; $2 text: new hash; $3 text: the hash that was checked.
-- Changes 0 or 1 row. Index: accounts_pkey.
UPDATE accounts SET password_hash = $2
WHERE account_id = $1 AND password_hash = $3
