-- Ends every session of a device, or all but one.
-- $1 uuid: account; $2 uuid: device; $3 text: why; $4 uuid: the session that stays, or NULL.
-- Returns the session_id of each that had not ended. Index: sessions_device.
UPDATE sessions SET ended_at = now(), end_reason = $3
WHERE account_id = $1 AND device_id = $2 AND session_id IS DISTINCT FROM $4 AND ended_at IS NULL
RETURNING session_id
