-- Whether a device besides the one that signs in could have shown a code, were two-step verification on: it is trusted or
-- signed in, may be notified, and has a push address that no provider called dead.
-- $1 uuid: account; $2 uuid: installation that signs in.
-- Returns 1 row. Index: devices_pkey, sessions_device.
SELECT EXISTS (
    SELECT FROM devices
    WHERE account_id = $1 AND install_id <> $2
        AND notifications_allowed AND push_address IS NOT NULL AND push_expired_at IS NULL
        AND (is_trusted(trusted_at, last_seen_at) OR EXISTS (
            SELECT FROM sessions
            WHERE sessions.account_id = devices.account_id AND sessions.device_id = devices.device_id
                AND ended_at IS NULL AND refresh_expires_at > now()))
) AS could
