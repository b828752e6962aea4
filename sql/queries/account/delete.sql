-- Deletes an account with everything about it: whatever refers to it goes with it.
-- $1 uuid: account.
-- Deletes 0 or 1 row. Index: accounts_pkey.
DELETE FROM accounts WHERE account_id = $1
