-- Marks a refresh token as exchanged.
-- $1 uuid: account; $2 bytea: hash.
-- Changes 1 row. Index: refresh_tokens_pkey.
UPDATE refresh_tokens SET used_at = now() WHERE account_id = $1 AND token_hash = $2 AND used_at IS NULL
