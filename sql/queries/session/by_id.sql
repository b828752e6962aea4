-- A session, if it has not ended and its access token is not expired for longer than a grace.
-- $1 uuid: account; $2 uuid: session; $3 double precision: grace in seconds.
-- Returns 0 or 1 row. Index: sessions_pkey.
SELECT session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale
FROM sessions session
JOIN devices device USING (account_id, device_id)
WHERE session.account_id = $1 AND session.session_id = $2 AND session.ended_at IS NULL
    AND session.access_expires_at > now() - make_interval(secs => $3)
