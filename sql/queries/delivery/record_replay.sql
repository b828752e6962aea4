-- Writes that a device got a code because it connected, whether or not a delivery to it was planned.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: device.
-- Inserts or changes 1 row.
INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, state, accepted_at)
VALUES ($1, $2, gen_random_uuid(), $3, $4, 'websocket', 'accepted', now())
ON CONFLICT (account_id, challenge_id, generation, device_id, channel) DO UPDATE SET
    state = 'accepted', reason = NULL, due_at = NULL, accepted_at = coalesce(deliveries.accepted_at, now())
WHERE deliveries.state IN ('pending', 'accepted', 'unreachable')
