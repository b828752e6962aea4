-- Closes a challenge; the first to do so wins.
-- $1 uuid: account; $2 uuid: challenge; $3 text: outcome; $4 integer: the generation whose code was right, or NULL
-- when the outcome does not depend on a code.
-- Returns activity_id, or no row when it was closed, expired or has a newer code. Index: challenges_pkey.
UPDATE challenges SET outcome = $3, closed_at = now(), password_hash = NULL
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now()
    AND ($4::integer IS NULL OR generation = $4)
RETURNING activity_id
