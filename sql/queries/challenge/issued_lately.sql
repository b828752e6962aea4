-- The challenges whose code for trusted devices was issued lately, of every account: those that expire last.
-- $1 double precision: the life of a code in seconds; $2 double precision: within so many seconds; $3 bigint: how many at most.
-- Returns account_id and challenge_id of each. Index: challenges_open_by_expiry.
SELECT account_id, challenge_id FROM challenges
WHERE outcome IS NULL AND method = 'app' AND expires_at > now() + make_interval(secs => $1::double precision - $2::double precision)
ORDER BY expires_at DESC
LIMIT $3
