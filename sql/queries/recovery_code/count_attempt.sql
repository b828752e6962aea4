-- Counts a recovery code that was typed in a challenge, before it is compared.
-- $1 uuid: account; $2 uuid: challenge; $3 smallint: how many a challenge takes.
-- Returns 1 row, or none when the challenge is over or takes no more. Index: challenges_pkey.
UPDATE challenges SET recovery_attempts = recovery_attempts + 1
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now() AND recovery_attempts < $3
RETURNING recovery_attempts
