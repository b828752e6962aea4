-- Gives an account time until two-step verification has to be on.
-- $1 uuid: account; $2 double precision: seconds.
-- Returns 1 row. Index: accounts_pkey.
UPDATE accounts SET two_step_due_at = coalesce(two_step_due_at, now() + make_interval(secs => $2))
WHERE account_id = $1
RETURNING two_step_due_at
