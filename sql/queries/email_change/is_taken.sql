-- Whether an address is another account's, confirmed.
-- $1 text: address; $2 uuid: the account that wants it.
-- Returns 1 row. Index: accounts_email_key.
SELECT EXISTS (SELECT FROM accounts WHERE email = $1 AND email_verified_at IS NOT NULL AND account_id <> $2) AS is_taken
