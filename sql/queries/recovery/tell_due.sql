-- Tells owners again of recoveries that wait, or may be used, and ends those that nobody used in time.
-- $1 bigint: how many at most; $2 double precision: seconds until they are told the next time; $3 and $4 text: kinds of the notices, while it
-- waits and once it may be used.
-- Returns account_id and kind of each notice. Index: recoveries_due, recoveries_pkey.
WITH due AS (
    UPDATE recoveries SET
        outcome = CASE WHEN usable_until <= now() THEN 'expired' END,
        ended_at = CASE WHEN usable_until <= now() THEN now() END,
        remind_at = now()
            + least(make_interval(secs => $2), CASE WHEN ready_at > now() THEN ready_at ELSE usable_until END - now())
    WHERE (account_id, recovery_id) IN (
        SELECT account_id, recovery_id FROM recoveries
        WHERE outcome IS NULL AND remind_at <= now()
        ORDER BY remind_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED)
    RETURNING account_id, requester, ip, location, CASE WHEN ready_at <= now() THEN $4 ELSE $3 END AS kind, outcome
)
INSERT INTO notices (account_id, notice_id, kind, requester, ip, location)
SELECT account_id, gen_random_uuid(), kind, requester, ip, location FROM due WHERE outcome IS NULL
RETURNING account_id, kind
