-- Ends every session of an account whose device is not trusted, but one.
-- $1 uuid: account; $2 uuid: the session that stays, or NULL; $3 text: why.
-- Returns the session_id of each that had not ended. Index: sessions_device, devices_pkey.
UPDATE sessions SET ended_at = now(), end_reason = $3
FROM devices
WHERE sessions.account_id = $1 AND sessions.session_id IS DISTINCT FROM $2 AND sessions.ended_at IS NULL
    AND devices.account_id = sessions.account_id AND devices.device_id = sessions.device_id
    AND NOT is_trusted(devices.trusted_at, devices.last_seen_at)
RETURNING sessions.session_id
