-- Marks an entry as "this wasn't me"; the time of the first report stays, and so does that of the owner's first.
-- $1 uuid: account; $2 uuid: entry; $3 boolean: who reports speaks for the owner.
-- Returns challenge_id, device_id and session_id, and whether nobody reported it before who may have as much effect; no row when
-- there is no such entry. Index: login_activity_pkey.
WITH before AS (SELECT reported_at, owner_reported_at FROM login_activity WHERE account_id = $1 AND activity_id = $2)
UPDATE login_activity SET reported_at = coalesce(reported_at, now()),
    owner_reported_at = CASE WHEN $3::boolean THEN coalesce(owner_reported_at, now()) ELSE owner_reported_at END
WHERE account_id = $1 AND activity_id = $2
RETURNING challenge_id, device_id, session_id,
    (SELECT CASE WHEN $3::boolean THEN owner_reported_at ELSE reported_at END IS NULL FROM before) AS is_first
