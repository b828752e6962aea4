-- Makes or refreshes the device of an installation after a successful sign-in. A name that its owner gave it stays.
-- $1 uuid: account; $2 uuid: device id to use if it is new; $3 uuid: installation; $4 text: name; $5 text: model;
-- $6 text: platform; $7 text: OS version; $8 text: app version; $9 text: location or NULL; $10 text: locale or
-- NULL, which leaves it as it is.
-- Returns 1 row. Index: devices_account_id_install_id_key.
INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, last_location, locale)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (account_id, install_id) DO UPDATE SET
    name = CASE WHEN devices.renamed_at IS NULL THEN EXCLUDED.name ELSE devices.name END,
    model = EXCLUDED.model, platform = EXCLUDED.platform, os_version = EXCLUDED.os_version,
    app_version = EXCLUDED.app_version, last_seen_at = now(), last_location = EXCLUDED.last_location,
    locale = coalesce(EXCLUDED.locale, devices.locale)
RETURNING device_id, name, locale, trusted_at IS NOT NULL AS trusted
