-- The account of an address, if the address is confirmed.
-- $1 text: the address in lower case.
-- Returns 0 or 1 row. Index: accounts_email_key.
SELECT account_id, password_hash, two_step_enabled_at IS NOT NULL AS two_step_enabled
FROM accounts
WHERE email = $1 AND email_verified_at IS NOT NULL
