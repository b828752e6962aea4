-- Changes the language of the mails to an account.
-- $1 uuid: account; $2 text: BCP 47 tag.
-- Changes 1 row. Index: accounts_pkey.
UPDATE accounts SET locale = $2 WHERE account_id = $1
