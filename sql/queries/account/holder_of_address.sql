-- The account that has an address, confirmed or not.
-- $1 text: the address.
-- Returns 0 or 1 row: account_id. Index: accounts_email_key.
SELECT account_id FROM accounts WHERE email = $1
