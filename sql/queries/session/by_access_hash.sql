-- The session of an access token, if it may make calls.
-- $1 bytea: hash of the token.
-- Returns 0 or 1 row. Index: sessions_access_hash.
SELECT session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale
FROM sessions session
JOIN devices device USING (account_id, device_id)
WHERE session.access_hash = $1 AND session.ended_at IS NULL AND session.access_expires_at > now()
