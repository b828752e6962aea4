-- Writes that a device got a code because it connected, whether or not a delivery to it was planned. What was due stays
-- due: a device that shows nothing is pushed, also when the node that waited for its receipt is gone.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: device.
-- Inserts or changes 1 row.
INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, state, accepted_at)
VALUES ($1, $2, gen_random_uuid(), $3, $4, 'websocket', 'accepted', now())
ON CONFLICT (account_id, challenge_id, generation, device_id, channel) DO UPDATE SET
    state = 'accepted', reason = NULL, accepted_at = coalesce(deliveries.accepted_at, now())
WHERE deliveries.state IN ('pending', 'accepted', 'unreachable')
