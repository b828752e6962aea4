-- Lets no new device sign in to an account that two-step verification protects; frozen since the first time.
-- $1 uuid: account.
-- Changes 1 row, or 0 when it is frozen already or two-step verification is off. Index: accounts_pkey.
UPDATE accounts SET sign_ins_frozen_at = now()
WHERE account_id = $1 AND sign_ins_frozen_at IS NULL AND two_step_enabled_at IS NOT NULL
