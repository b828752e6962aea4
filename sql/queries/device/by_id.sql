-- One device.
-- $1 uuid: account; $2 uuid: device.
-- Returns 0 or 1 row. Index: devices_pkey.
SELECT device_id, install_id, name, model, platform, os_version, app_version, locale, is_trusted(trusted_at, last_seen_at) AS trusted
FROM devices
WHERE account_id = $1 AND device_id = $2
