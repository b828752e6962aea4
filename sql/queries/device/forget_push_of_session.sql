-- Forgets how to push to a device that was signed out, unless another session of it goes on.
-- $1 uuid: account; $2 uuid: session that has ended.
-- Changes 0 or 1 row. Index: sessions_pkey, devices_pkey, sessions_device.
UPDATE devices SET
    push_kind = NULL, push_address = NULL, push_environment = NULL, push_keys = NULL, push_registered_at = NULL,
    push_expired_at = NULL
FROM sessions ended
WHERE ended.account_id = $1 AND ended.session_id = $2
    AND devices.account_id = ended.account_id AND devices.device_id = ended.device_id
    AND NOT EXISTS (
        SELECT FROM sessions
        WHERE sessions.account_id = devices.account_id AND sessions.device_id = devices.device_id
            AND ended_at IS NULL AND refresh_expires_at > now())
