-- Stores the hash of a new refresh token.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: session.
-- Inserts 1 row.
INSERT INTO refresh_tokens (account_id, token_hash, session_id) VALUES ($1, $2, $3)
