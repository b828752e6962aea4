-- Accounts that have a session, by id.
-- $1 uuid: the account after which to look, or NULL; $2 bigint: how many.
-- Returns up to $2 rows. Index: sessions_pkey.
SELECT DISTINCT account_id FROM sessions
WHERE ended_at IS NULL AND ($1::uuid IS NULL OR account_id > $1)
ORDER BY account_id
LIMIT $2
