-- The push addresses of devices that may be notified.
-- $1 uuid: account; $2 uuid[]: devices.
-- Returns up to 10 rows. Index: devices_pkey.
SELECT device_id, push_kind, push_address, push_environment, push_keys, locale
FROM devices
WHERE account_id = $1 AND device_id = ANY ($2) AND is_trusted(trusted_at, last_seen_at)
    AND notifications_allowed AND push_address IS NOT NULL
