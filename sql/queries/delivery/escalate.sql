-- Goes on from the socket to push, for devices that a provider can reach and that did not say they show the code.
-- One statement, so that a crash leaves either step due.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid[]: devices; $5 uuid: node;
-- $6 double precision: its lease in seconds.
-- Returns the new deliveries with their addresses. Index: deliveries_pkey, devices_pkey.
WITH pushed AS (
    INSERT INTO deliveries (
        account_id, challenge_id, delivery_id, generation, device_id, channel, due_at, claimed_by, lease_until, tries)
    SELECT devices.account_id, $2, gen_random_uuid(), $3, devices.device_id,
        CASE devices.push_kind WHEN 'apns_token' THEN 'apns' ELSE 'fcm' END,
        now(), $5, now() + make_interval(secs => $6), 1
    FROM devices
    JOIN challenges ON challenges.account_id = devices.account_id AND challenges.challenge_id = $2
    WHERE devices.account_id = $1 AND devices.device_id = ANY ($4) AND is_trusted(devices.trusted_at, devices.last_seen_at)
        AND devices.notifications_allowed AND devices.push_address IS NOT NULL
        AND challenges.outcome IS NULL AND challenges.expires_at > now() AND challenges.generation = $3
        AND NOT EXISTS (
            SELECT 1 FROM deliveries shown
            WHERE shown.account_id = $1 AND shown.challenge_id = $2 AND shown.generation = $3
                AND shown.device_id = devices.device_id AND shown.state = 'shown')
    ON CONFLICT DO NOTHING
    RETURNING account_id, delivery_id, device_id, channel
), gone_on AS (
    UPDATE deliveries SET due_at = NULL, state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END
    WHERE account_id = $1 AND challenge_id = $2 AND generation = $3 AND channel = 'websocket'
        AND device_id IN (SELECT device_id FROM pushed)
)
SELECT pushed.delivery_id, pushed.device_id, pushed.channel,
    devices.push_kind, devices.push_address, devices.push_environment, devices.locale
FROM pushed
JOIN devices USING (account_id, device_id)
