-- The trusted devices of an account, most recently used first.
-- $1 uuid: account.
-- Returns up to 10 rows. Index: devices_pkey.
SELECT device_id, install_id, name, model, platform, os_version, app_version, locale, last_seen_at, trusted_at, last_location
FROM devices
WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)
ORDER BY last_seen_at DESC, device_id DESC
