-- The recovery that an account waits for, or may use.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: recoveries_one_open.
SELECT account_id, recovery_id, requester, host(ip) AS ip, location, asked_at, ready_at, usable_until, outcome, now() AS now
FROM recoveries
WHERE account_id = $1 AND outcome IS NULL AND usable_until > now()
