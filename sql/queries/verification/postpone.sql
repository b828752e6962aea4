-- The end of a challenge is told later.
-- $1 uuid: account; $2 uuid: challenge; $3 double precision: seconds from now.
-- Changes 0 or 1 row. Index: verifications_pkey.
UPDATE verifications SET webhook_due_at = now() + make_interval(secs => $3)
WHERE account_id = $1 AND challenge_id = $2
