-- Marks an entry as "this wasn't me".
-- $1 uuid: account; $2 uuid: entry.
-- Changes 1 row, or 0 when there is no such entry. Index: login_activity_pkey.
UPDATE login_activity SET reported_at = coalesce(reported_at, now())
WHERE account_id = $1 AND activity_id = $2
