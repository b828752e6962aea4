-- Sessions that have not ended and whose access token is not expired for longer than a grace.
-- $1 uuid[]: accounts; $2 uuid[]: sessions; $3 double precision: grace in seconds.
-- Returns at most a row for each, with its place among them from 1. Index: sessions_pkey, devices_pkey.
SELECT asked.place, session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (account_id, session_id, place)
JOIN sessions session USING (account_id, session_id)
JOIN devices device USING (account_id, device_id)
WHERE session.ended_at IS NULL AND session.access_expires_at > now() - make_interval(secs => $3)
