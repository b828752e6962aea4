-- Claims a request for one that does it: it is new, or who began it did not finish.
-- $1 uuid: API key; $2 bytea: hash of the idempotency key; $3 bytea: hash of the request; $4 double precision: seconds until
-- another may try; $5 double precision: seconds for which answers are kept.
-- Returns 1 row when it is claimed, else 0. Index: idempotent_requests_pkey.
INSERT INTO idempotent_requests AS kept (api_key_id, key_hash, request_hash, claimed_until)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
ON CONFLICT (api_key_id, key_hash) DO UPDATE SET
    request_hash = EXCLUDED.request_hash, claimed_until = EXCLUDED.claimed_until, created_at = now(), account_id = NULL,
    status = NULL, sealed_answer = NULL
    WHERE kept.created_at <= now() - make_interval(secs => $5)
        OR (kept.status IS NULL AND kept.claimed_until <= now() AND kept.request_hash = EXCLUDED.request_hash)
RETURNING claimed_until
