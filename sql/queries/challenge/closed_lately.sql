-- The challenges that closed lately, of every account, newest first.
-- $1 double precision: within so many seconds; $2 bigint: how many at most.
-- Returns account_id, challenge_id and outcome of each. Index: challenges_closed.
SELECT account_id, challenge_id, outcome FROM challenges
WHERE closed_at > now() - make_interval(secs => $1)
ORDER BY closed_at DESC
LIMIT $2
