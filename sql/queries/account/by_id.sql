-- An account by its id.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: accounts_pkey.
SELECT coalesce(email, contact_email) AS email, subject IS NOT NULL AS is_of_app, password_hash,
    two_step_enabled_at IS NOT NULL AS two_step_enabled, sign_ins_frozen_at, two_step_required, two_step_due_at
FROM accounts
WHERE account_id = $1
