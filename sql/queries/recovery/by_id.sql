-- A recovery, whoever it is of.
-- $1 uuid: recovery.
-- Returns 0 or 1 row. Index: recoveries_by_id.
SELECT account_id, recovery_id, requester, host(ip) AS ip, location, asked_at, ready_at, usable_until, outcome, now() AS now
FROM recoveries
WHERE recovery_id = $1
