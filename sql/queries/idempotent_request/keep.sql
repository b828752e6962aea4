-- Keeps the answer to a request.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key; $3 bytea: hash of the request; $4 uuid: account or NULL;
-- $5 smallint: status; $6 bytea: sealed answer.
-- Changes 0 or 1 row. Index: idempotent_requests_pkey.
UPDATE idempotent_requests SET account_id = $4, status = $5, sealed_answer = $6
WHERE api_key_id = $1 AND key_hash = $2 AND request_hash = $3 AND status IS NULL
