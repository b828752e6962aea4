-- Ends the links for a new password that are open. Deleted, not put out of date: `now()` is when a transaction began, and one that
-- waited for the account's lock would still take them.
-- $1 uuid: account.
-- Deletes any number of rows. Index: password_resets_pkey.
DELETE FROM password_resets WHERE account_id = $1 AND used_at IS NULL
