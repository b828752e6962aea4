-- Turns two-step verification on or off. A freeze goes with it.
-- $1 uuid: account; $2 boolean: on.
-- Changes 1 row, or 0 when it already is so. Index: accounts_pkey.
UPDATE accounts SET two_step_enabled_at = CASE WHEN $2 THEN now() END, sign_ins_frozen_at = NULL
WHERE account_id = $1 AND (two_step_enabled_at IS NOT NULL) <> $2
