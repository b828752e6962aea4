-- Uses a trust token: its successor is good from now on. Again with the same successor only the session may be another.
-- $1 uuid: account; $2 uuid: device; $3 bytea: hash of the token; $4 bytea: hash of its successor; $5 text: key that the successor
-- is derived with; $6 uuid: the session that came with it.
-- Inserts 0 or 1 row. Index: trust_tokens_pkey.
WITH used AS (
    UPDATE trust_tokens SET used_at = coalesce(used_at, now()), replaced_at = coalesce(replaced_at, now()),
        successor_hash = $4, successor_key = $5, session_id = $6
    WHERE account_id = $1 AND token_hash = $3
)
INSERT INTO trust_tokens (account_id, token_hash, device_id) VALUES ($1, $4, $2)
ON CONFLICT (account_id, token_hash) DO NOTHING
