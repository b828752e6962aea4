-- The end of a challenge was told.
-- $1 uuid: account; $2 uuid: challenge.
-- Changes 0 or 1 row. Index: verifications_pkey.
UPDATE verifications SET webhook_due_at = NULL, told_at = now() WHERE account_id = $1 AND challenge_id = $2
