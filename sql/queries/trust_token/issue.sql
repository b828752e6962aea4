-- Stores the hash of a new trust token.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: device.
-- Inserts 1 row.
INSERT INTO trust_tokens (account_id, token_hash, device_id) VALUES ($1, $2, $3)
