-- Writes one delivery to each trusted device, in the transaction of the challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: the node that works them;
-- $5 double precision: its lease in seconds.
-- Returns up to 10 rows: each delivery with its device and how else that is reached. Index: devices_pkey.
WITH planned AS (
    INSERT INTO deliveries (
        account_id, challenge_id, delivery_id, generation, device_id, channel, due_at, claimed_by, lease_until, tries)
    SELECT account_id, $2, gen_random_uuid(), $3, device_id, 'websocket', now(), $4, now() + make_interval(secs => $5), 1
    FROM devices
    WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)
    RETURNING account_id, delivery_id, device_id
)
SELECT planned.delivery_id, planned.device_id, devices.notifications_allowed,
    devices.push_address IS NOT NULL AS has_push_address, devices.push_expired_at IS NOT NULL AS push_address_expired
FROM planned
JOIN devices USING (account_id, device_id)
