-- Closes a challenge because whoever asked for it gave up; one that is over stays as it is.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns challenge_id, activity_id, created_at and outcome, or no row. Index: challenges_pkey.
UPDATE challenges SET outcome = 'superseded', superseded_by = 'cancelled', closed_at = now(), password_hash = NULL
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now()
RETURNING challenge_id, activity_id, created_at, outcome
