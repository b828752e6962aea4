-- Keeps the answer to a request; when whom it is about was deleted meanwhile, that.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key; $3 bytea: hash of the request; $4 uuid: account or NULL;
-- $5 smallint: status; $6 bytea: sealed answer.
-- Changes 0 or 1 row. Index: idempotent_requests_pkey.
UPDATE idempotent_requests SET
    account_id = (SELECT account_id FROM accounts WHERE account_id = $4::uuid),
    status = CASE WHEN $4::uuid IS NULL OR EXISTS (SELECT FROM accounts WHERE account_id = $4) THEN $5::smallint ELSE 410::smallint END,
    sealed_answer = CASE WHEN $4::uuid IS NULL OR EXISTS (SELECT FROM accounts WHERE account_id = $4) THEN $6::bytea ELSE ''::bytea END
WHERE api_key_id = $1 AND key_hash = $2 AND request_hash = $3 AND status IS NULL
