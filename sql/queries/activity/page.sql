-- One page of the login activity, newest first. Who speaks for the owner sees what the owner reported, others what anybody did.
-- $1 uuid: account; $2 timestamptz and $3 uuid: the last entry of the page before, or NULL; $4 bigint: how many; $5 boolean:
-- who reads speaks for the owner; $6 uuid: the session that reads, or NULL.
-- Returns up to $4 rows. Index: login_activity_newest.
SELECT activity_id, at, kind, outcome, method, device, host(ip) AS ip, location,
    CASE WHEN $5::boolean THEN owner_reported_at ELSE reported_at END AS reported_at,
    shadow_reach IS NOT NULL AS would_need_code, about, repeats,
    coalesce(session_id = $6::uuid, false) AS by_this_session
FROM login_activity
WHERE account_id = $1 AND ($2::timestamptz IS NULL OR (at, activity_id) < ($2, $3))
ORDER BY at DESC, activity_id DESC
LIMIT $4
