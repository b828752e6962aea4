-- Closes every open challenge of a purpose, because what began it holds no longer. Of those that turn two-step verification on, the ones that
-- a password began, in a sign-in: the others end with their session.
-- $1 uuid: account; $2 text: purpose; $3 text: why.
-- Returns challenge_id, activity_id, created_at and outcome of each. Index: challenges_one_open_per_install.
UPDATE challenges SET outcome = 'superseded', superseded_by = $3, closed_at = now(), password_hash = NULL
WHERE account_id = $1 AND purpose = $2 AND outcome IS NULL AND (purpose <> 'enable_two_step' OR session_id IS NULL)
RETURNING challenge_id, activity_id, created_at, outcome
