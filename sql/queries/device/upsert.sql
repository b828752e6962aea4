-- Makes or refreshes the device of an installation after a successful sign-in.
-- $1 uuid: account; $2 uuid: device id to use if it is new; $3 uuid: installation; $4 text: name; $5 text: model;
-- $6 text: platform; $7 text: OS version; $8 text: app version.
-- Returns 1 row. Index: devices_account_id_install_id_key.
INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id, install_id) DO UPDATE SET
    name = EXCLUDED.name, model = EXCLUDED.model, platform = EXCLUDED.platform,
    os_version = EXCLUDED.os_version, app_version = EXCLUDED.app_version, last_seen_at = now()
RETURNING device_id, trusted_at IS NOT NULL AS trusted
