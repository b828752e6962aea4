-- Writes one delivery to each trusted device, in the transaction of the challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: the node that works them;
-- $5 double precision: its lease in seconds.
-- Inserts up to 10 rows. Index: devices_pkey.
INSERT INTO deliveries (
    account_id, challenge_id, delivery_id, generation, device_id, channel, due_at, claimed_by, lease_until, tries)
SELECT account_id, $2, gen_random_uuid(), $3, device_id, 'websocket', now(), $4, now() + make_interval(secs => $5), 1
FROM devices
WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)
