-- Marks an entry as "this wasn't me"; the time of the first report stays.
-- $1 uuid: account; $2 uuid: entry.
-- Returns challenge_id, and whether it is the first report; no row when there is no such entry. Index: login_activity_pkey.
WITH before AS (SELECT reported_at FROM login_activity WHERE account_id = $1 AND activity_id = $2)
UPDATE login_activity SET reported_at = coalesce(reported_at, now())
WHERE account_id = $1 AND activity_id = $2
RETURNING challenge_id, (SELECT reported_at IS NULL FROM before) AS is_first
