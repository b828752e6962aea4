-- Sessions that have not ended and whose access token is not expired for longer than a grace.
-- $1 uuid[]: accounts; $2 uuid[]: sessions; $3 double precision: grace in seconds.
-- Returns at most a row for each, with its place among them from 1. Index: sessions_pkey, devices_pkey; LATERAL
-- keeps to it on a database that was never analyzed, where the join would read every session of each device.
SELECT asked.place, session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (account_id, session_id, place)
CROSS JOIN LATERAL (
    SELECT account_id, session_id, device_id, access_expires_at, ended_at FROM sessions
    WHERE sessions.account_id = asked.account_id AND sessions.session_id = asked.session_id
    LIMIT 1
) session
JOIN devices device ON device.account_id = session.account_id AND device.device_id = session.device_id
WHERE session.ended_at IS NULL AND session.access_expires_at > now() - make_interval(secs => $3)
