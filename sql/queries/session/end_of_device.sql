-- Ends every session of a device.
-- $1 uuid: account; $2 uuid: device; $3 text: why.
-- Returns the session_id of each that had not ended. Index: sessions_device.
UPDATE sessions SET ended_at = now(), end_reason = $3
WHERE account_id = $1 AND device_id = $2 AND ended_at IS NULL
RETURNING session_id
