-- The sessions that ended lately, of every account, newest first.
-- $1 double precision: within so many seconds; $2 bigint: how many at most.
-- Returns account_id and session_id of each. Index: sessions_ended.
SELECT account_id, session_id FROM sessions
WHERE ended_at > now() - make_interval(secs => $1)
ORDER BY ended_at DESC
LIMIT $2
