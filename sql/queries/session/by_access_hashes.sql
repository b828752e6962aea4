-- The sessions of access tokens, those that may make calls (sql/migrations/0029_plan_batches_once.sql).
-- $1 bytea[]: hashes of the tokens.
-- Returns at most a row for each, with its place among the hashes from 1. Index: sessions_access_hash, devices_pkey.
SELECT place, account_id, session_id, device_id, access_expires_at, device_trusted, locale, is_first_use FROM sessions_of_tokens($1)
