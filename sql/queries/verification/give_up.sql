-- The end of a challenge is not told any more.
-- $1 uuid: account; $2 uuid: challenge.
-- Changes 0 or 1 row. Index: verifications_pkey.
UPDATE verifications SET webhook_due_at = NULL WHERE account_id = $1 AND challenge_id = $2
