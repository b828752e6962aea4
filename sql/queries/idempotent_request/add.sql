-- Keeps the answer to a request, in the transaction that carries it out.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key; $3 bytea: hash of the request; $4 uuid: account; $5 smallint: status;
-- $6 bytea: sealed answer.
-- Inserts 1 row, or none when the key is there already. Index: idempotent_requests_pkey.
INSERT INTO idempotent_requests (api_key_id, key_hash, request_hash, account_id, status, sealed_answer, claimed_until)
VALUES ($1, $2, $3, $4, $5, $6, now())
ON CONFLICT (api_key_id, key_hash) DO NOTHING
