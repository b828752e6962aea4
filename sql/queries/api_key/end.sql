-- Lets a key end; one that ends earlier already stays as it is.
-- $1 uuid: key; $2 double precision: seconds from now.
-- Changes 0 or 1 row. Index: api_keys_pkey.
UPDATE api_keys SET ends_at = now() + make_interval(secs => $2)
WHERE api_key_id = $1 AND (ends_at IS NULL OR ends_at > now() + make_interval(secs => $2))
