-- Ends every session of an account but one.
-- $1 uuid: account; $2 uuid: the session that stays, or NULL; $3 text: why.
-- Returns the session_id of each that had not ended. Index: sessions_device.
UPDATE sessions SET ended_at = now(), end_reason = $3
WHERE account_id = $1 AND session_id IS DISTINCT FROM $2 AND ended_at IS NULL
RETURNING session_id
