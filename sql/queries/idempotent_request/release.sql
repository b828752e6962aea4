-- Forgets a request that came to nothing, so that it can come again at once.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key; $3 bytea: hash of the request.
-- Deletes 0 or 1 row. Index: idempotent_requests_pkey.
DELETE FROM idempotent_requests WHERE api_key_id = $1 AND key_hash = $2 AND request_hash = $3 AND status IS NULL
