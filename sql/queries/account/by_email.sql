-- The account of an address, if the address is confirmed.
-- $1 text: the address in lower case.
-- Returns 0 or 1 row. Index: accounts_email_key.
SELECT account_id, password_hash, two_step_enabled_at IS NOT NULL AS two_step_enabled, sign_ins_frozen_at IS NOT NULL AS sign_ins_frozen
FROM accounts
WHERE email = $1 AND email_verified_at IS NOT NULL
