-- Writes down that challenges ran out.
-- $1 bigint: how many at most.
-- Returns account_id, challenge_id, activity_id and created_at of each. Index: challenges_open_by_expiry.
UPDATE challenges SET outcome = 'expired', closed_at = now(), password_hash = NULL
WHERE (account_id, challenge_id) IN (
    SELECT account_id, challenge_id FROM challenges
    WHERE outcome IS NULL AND expires_at <= now()
    ORDER BY expires_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING account_id, challenge_id, activity_id, created_at
