-- Claims deliveries that are due and that nobody works: no node claimed them, its lease ran out, or it is gone. The node
-- that asks is not gone, however late its own heartbeat is.
-- $1 bigint: how many at most; $2 uuid: node; $3 double precision: its lease in seconds;
-- $4 double precision: seconds after which a node that was not seen is gone.
-- Returns the claimed rows. Index: deliveries_due.
UPDATE deliveries SET claimed_by = $2, lease_until = now() + make_interval(secs => $3), tries = tries + 1
WHERE (account_id, challenge_id, delivery_id) IN (
    SELECT account_id, challenge_id, delivery_id FROM deliveries
    WHERE due_at <= now()
        AND (claimed_by IS NULL OR lease_until <= now() OR (claimed_by <> $2 AND NOT EXISTS (
            SELECT 1 FROM nodes
            WHERE nodes.node_id = deliveries.claimed_by AND nodes.seen_at > now() - make_interval(secs => $4))))
    ORDER BY due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING account_id, challenge_id, delivery_id, device_id, channel, state, generation, tries, silent
