-- One page of the login activity, newest first.
-- $1 uuid: account; $2 timestamptz and $3 uuid: the last entry of the page before, or NULL; $4 bigint: how many.
-- Returns up to $4 rows. Index: login_activity_newest.
SELECT activity_id, at, kind, outcome, method, device, host(ip) AS ip, location, reported_at,
    shadow_reach IS NOT NULL AS would_need_code, about
FROM login_activity
WHERE account_id = $1 AND ($2::timestamptz IS NULL OR (at, activity_id) < ($2, $3))
ORDER BY at DESC, activity_id DESC
LIMIT $4
