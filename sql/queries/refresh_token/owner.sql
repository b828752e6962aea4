-- Whose a refresh token is, whatever it is worth.
-- $1 bytea: hash.
-- Returns 0 or 1 row. Index: refresh_tokens_hash.
SELECT account_id, session_id FROM refresh_tokens WHERE token_hash = $1
