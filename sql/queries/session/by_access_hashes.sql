-- The sessions of access tokens, those that may make calls.
-- $1 bytea[]: hashes of the tokens.
-- Returns at most a row for each, with its place among the hashes from 1. Index: sessions_access_hash, devices_pkey.
SELECT asked.place, session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale,
    session.access_used_at IS NULL AS is_first_use
FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (access_hash, place)
CROSS JOIN LATERAL (
    SELECT account_id, session_id, device_id, access_expires_at, ended_at, access_used_at FROM sessions
    WHERE sessions.access_hash = asked.access_hash
    LIMIT 1
) session
JOIN devices device ON device.account_id = session.account_id AND device.device_id = session.device_id
WHERE session.ended_at IS NULL AND session.access_expires_at > now()
