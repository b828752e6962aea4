-- Begins to ask the trusted devices of some minutes of the week that sleep and can be pushed silently: those of FCM and APNs.
-- $1 integer[]: minutes of the week.
-- Returns a row for each: the account, the device, the id of its drill, its push address and language. Index: devices_drill_minute,
-- accounts_pkey, reach_drills_pkey.
WITH due AS (
    SELECT account_id, device_id, push_kind, push_address, push_environment, push_keys, devices.locale
    FROM devices
    JOIN accounts USING (account_id)
    WHERE drill_minute(device_id) = ANY ($1::integer[]) AND two_step_enabled_at IS NOT NULL
        AND is_trusted(trusted_at, last_seen_at) AND notifications_allowed
        AND push_address IS NOT NULL AND push_expired_at IS NULL AND push_kind <> 'web_push' AND connected_node IS NULL
), begun AS (
    INSERT INTO reach_drills (account_id, device_id, drill_id, sent_at)
    SELECT account_id, device_id, gen_random_uuid(), now() FROM due
    ON CONFLICT (account_id, device_id) DO UPDATE SET
        drill_id = excluded.drill_id, sent_at = excluded.sent_at, outcome = NULL, answered_at = NULL
    RETURNING account_id, device_id, drill_id
)
SELECT account_id, device_id, drill_id, push_kind, push_address, push_environment, push_keys, locale
FROM due
JOIN begun USING (account_id, device_id)
