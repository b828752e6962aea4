-- Changes what a device says of itself; NULL leaves a value as it is.
-- $1 uuid: account; $2 uuid: device; $3 text: name; $4 text: app version; $5 text: OS version;
-- $6 boolean: notifications allowed; $7 text: location; $8 text: locale.
-- Returns the device. Index: devices_pkey.
UPDATE devices SET
    name = coalesce($3, name), app_version = coalesce($4, app_version), os_version = coalesce($5, os_version),
    notifications_allowed = coalesce($6, notifications_allowed), last_seen_at = now(),
    last_location = coalesce($7, last_location), locale = coalesce($8, locale)
WHERE account_id = $1 AND device_id = $2
RETURNING device_id, install_id, name, model, platform, os_version, app_version, locale, is_trusted(trusted_at, last_seen_at) AS trusted
