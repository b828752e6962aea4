-- A refresh token, locked so that of two uses at once one comes first.
-- $1 bytea: hash.
-- Returns 0 or 1 row; used tells that it was exchanged before. Index: refresh_tokens_hash.
SELECT token.account_id, token.session_id, session.device_id, token.used_at IS NOT NULL AS used
FROM refresh_tokens token
JOIN sessions session USING (account_id, session_id)
WHERE token.token_hash = $1
FOR UPDATE OF token
