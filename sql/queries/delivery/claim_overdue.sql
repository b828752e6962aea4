-- Claims deliveries that nobody worked in time, whatever node they began on.
-- $1 bigint: how many at most; $2 double precision: seconds until another node may take over.
-- Returns the claimed rows. Index: deliveries_due.
UPDATE deliveries SET due_at = now() + make_interval(secs => $2), tries = tries + 1
WHERE (account_id, challenge_id, delivery_id) IN (
    SELECT account_id, challenge_id, delivery_id FROM deliveries
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING account_id, challenge_id, delivery_id, device_id, channel, state
