-- Secrets that are sealed with code keys that are not the current one.
-- $1 text[]: these keys; $2 bigint: how many at most.
-- Returns account_id, key_id and sealed of each. Index: authenticators_key.
SELECT account_id, key_id, sealed FROM authenticators WHERE key_id = ANY($1) LIMIT $2
