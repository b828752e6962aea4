-- The sessions of an account that go on, most recently used first.
-- $1 uuid: account; $2 double precision: longest life of a session, in seconds.
-- Returns 0 or more rows: a few for each device. Index: sessions_device, devices_pkey.
SELECT session.session_id, session.created_at, session.last_used_at, session.last_location, device.device_id, device.install_id,
    device.name, device.model, device.platform, device.os_version, device.app_version, device.locale,
    is_trusted(device.trusted_at, device.last_seen_at) AS trusted
FROM sessions session
JOIN devices device USING (account_id, device_id)
WHERE session.account_id = $1 AND session.ended_at IS NULL AND session.refresh_expires_at > now()
    AND session.created_at + make_interval(secs => $2) > now()
ORDER BY session.last_used_at DESC, session.session_id DESC
