-- Counts the drills of the last week over some accounts that have two-step verification on. A drill of the last hour does not count
-- yet, unless it was answered: a sleeping device takes its time.
-- $1 uuid: accounts after this one, or NULL; $2 uuid: up to this one.
-- Returns 1 row: devices that were asked, those that answered, and the accounts of both. Index: reach_drills_pkey, accounts_pkey,
-- devices_pkey.
SELECT count(*) AS devices, count(*) FILTER (WHERE answered_at IS NOT NULL) AS devices_answered,
    count(DISTINCT account_id) AS accounts,
    count(DISTINCT account_id) FILTER (WHERE answered_at IS NOT NULL) AS accounts_answered
FROM reach_drills
JOIN devices USING (account_id, device_id)
JOIN accounts USING (account_id)
WHERE reach_drills.account_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND reach_drills.account_id <= $2
    AND devices.account_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND devices.account_id <= $2
    AND two_step_enabled_at IS NOT NULL AND is_trusted(trusted_at, last_seen_at)
    AND sent_at > now() - interval '8 days' AND (sent_at < now() - interval '1 hour' OR answered_at IS NOT NULL)
