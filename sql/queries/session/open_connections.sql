-- What connections begin with: the open codes of their accounts, and their sessions
-- (sql/migrations/0029_plan_batches_once.sql).
-- $1 uuid[]: accounts; $2 uuid[]: sessions; $3 double precision: seconds that an access token may be expired.
-- Returns, each with its place among them from 1, at most one row of a session, and up to 3 of challenges, whose session_id is
-- NULL. Index: challenges_one_open_per_install, sessions_pkey, devices_pkey.
SELECT place, account_id, session_id, device_id, access_expires_at, device_trusted, locale, challenge_id, purpose, generation, key_id,
    code_salt, digits, created_at, expires_at, requester, ip, location, activity_id, address_taken
FROM open_connections($1, $2, $3)
