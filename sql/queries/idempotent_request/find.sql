-- A request that came before.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key.
-- Returns 0 or 1 row. Index: idempotent_requests_pkey.
SELECT request_hash, status, sealed_answer FROM idempotent_requests WHERE api_key_id = $1 AND key_hash = $2
