-- Locks an account for the transaction, so that what it may have only once is counted in order.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: accounts_pkey.
SELECT two_step_enabled_at IS NOT NULL AS two_step_enabled, password_hash, sign_ins_frozen_at, mailbox_changed_at,
    two_step_required, two_step_due_at, now() AS now
FROM accounts
WHERE account_id = $1
FOR UPDATE
