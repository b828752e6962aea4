-- Makes a key of an app's server.
-- $1 uuid: id; $2 text: name; $3 text: audience; $4 bytea: hash of the key; $5 text[]: scopes;
-- $6 text: beginning of the subjects that it is for, or NULL for all.
-- Inserts 1 row. Index: api_keys_pkey.
INSERT INTO api_keys (api_key_id, name, audience, token_hash, scopes, subject_prefix) VALUES ($1, $2, $3, $4, $5, $6)
