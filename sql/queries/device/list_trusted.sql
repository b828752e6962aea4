-- The trusted devices of an account, most recently used first.
-- $1 uuid: account; $2 double precision: seconds after which an unused device counts as untrusted;
-- $3 double precision: seconds after which any device does.
-- Returns up to 10 rows. Index: devices_pkey.
SELECT device_id, install_id, name, model, platform, os_version, app_version, last_seen_at, trusted_at
FROM devices
WHERE account_id = $1 AND trusted_at IS NOT NULL
    AND last_seen_at > now() - make_interval(secs => $2) AND trusted_at > now() - make_interval(secs => $3)
ORDER BY last_seen_at DESC, device_id DESC
