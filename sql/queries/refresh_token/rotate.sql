-- Uses a refresh token: its successor is good from now on. Ask before the session gets its next tokens.
-- $1 uuid: account; $2 uuid: session; $3 bytea: hash of the token; $4 bytea: hash of its successor; $5 text: key that the successor
-- is derived with.
-- Inserts 0 or 1 row. Index: refresh_tokens_pkey, sessions_pkey.
WITH used AS (
    UPDATE refresh_tokens SET used_at = coalesce(used_at, now()), successor_hash = $4, successor_key = $5,
        accepted_at = coalesce(accepted_at, (
            SELECT access_used_at FROM sessions
            WHERE account_id = $1 AND session_id = $2 AND refresh_hash = $3), now())
    WHERE account_id = $1 AND token_hash = $3
)
INSERT INTO refresh_tokens (account_id, token_hash, session_id) VALUES ($1, $4, $2)
ON CONFLICT (account_id, token_hash) DO NOTHING
