-- Takes recoveries whose owners are to be told again, and ends those that nobody used in time.
-- $1 bigint: how many at most; $2 double precision: seconds until they are told the next time.
-- Returns account_id, requester, ip, location, is_ready and is_over of each. Index: recoveries_due.
UPDATE recoveries SET
    outcome = CASE WHEN usable_until <= now() THEN 'expired' END,
    ended_at = CASE WHEN usable_until <= now() THEN now() END,
    remind_at = now() + least(make_interval(secs => $2), CASE WHEN ready_at > now() THEN ready_at ELSE usable_until END - now())
WHERE (account_id, recovery_id) IN (
    SELECT account_id, recovery_id FROM recoveries
    WHERE outcome IS NULL AND remind_at <= now()
    ORDER BY remind_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING account_id, requester, host(ip) AS ip, location, ready_at <= now() AS is_ready, usable_until <= now() AS is_over
