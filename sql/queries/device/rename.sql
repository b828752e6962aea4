-- Gives a trusted device another name.
-- $1 uuid: account; $2 uuid: device; $3 text: name.
-- Returns the device, or no row when the account trusts no such device. Index: devices_pkey.
UPDATE devices SET name = $3, renamed_at = now()
WHERE account_id = $1 AND device_id = $2 AND is_trusted(trusted_at, last_seen_at)
RETURNING device_id, install_id, name, model, platform, os_version, app_version, locale
