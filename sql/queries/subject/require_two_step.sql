-- Says whether an app requires two-step verification of a subject. The time that it has for it begins with its next sign-in.
-- $1 uuid: account; $2 boolean: it does.
-- Changes 0 or 1 row. Index: accounts_pkey.
UPDATE accounts SET two_step_required = $2, two_step_due_at = NULL
WHERE account_id = $1 AND two_step_required <> $2
