-- Ends a session.
-- $1 uuid: account; $2 uuid: session; $3 text: why.
-- Returns session_id and device_id when it had not ended. Index: sessions_pkey.
UPDATE sessions SET ended_at = now(), end_reason = $3
WHERE account_id = $1 AND session_id = $2 AND ended_at IS NULL
RETURNING session_id, device_id
