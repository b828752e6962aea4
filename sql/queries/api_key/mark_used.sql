-- Notes that keys were used just now.
-- $1 uuid[]: keys.
-- Changes 0 or more rows. Index: api_keys_pkey.
UPDATE api_keys SET last_used_at = now() WHERE api_key_id = ANY ($1)
