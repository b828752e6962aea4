-- Writes down everywhere that a challenge is over (sql/migrations/0026_settle_challenges_in_one_call.sql).
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: activity entry or NULL; $4 timestamptz: when the challenge began; $5 text: outcome of
-- the entry; $6 text: method or NULL.
-- Returns 1 row. Index: deliveries_pkey, login_activity_pkey, verifications_pkey.
SELECT settle_challenge($1, $2, $3, $4, $5, $6)
