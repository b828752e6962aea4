-- Counts one attempt before anything is compared, of a challenge whose guesses no budget of the account counts; parallel guesses
-- cannot pass the limit, because the update waits for the row.
-- $1 uuid: account; $2 uuid: challenge; $3 smallint: attempts a challenge takes.
-- Returns the challenge with the attempt counted, or no row when it is closed, expired or used up. Index: challenges_pkey.
UPDATE challenges SET attempts = attempts + 1
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND attempts < $3 AND expires_at > now()
RETURNING method, generation, key_id, attempts, resends, resend_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method
