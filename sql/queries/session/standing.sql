-- How a session stands for a connection that it opened.
-- $1 uuid: account; $2 uuid: session.
-- Returns 0 or 1 row. Index: sessions_pkey, devices_pkey.
SELECT session.ended_at IS NOT NULL AS ended,
    coalesce(session.end_reason = 'device_removed', false) AS ended_with_device,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted
FROM sessions session
JOIN devices device USING (account_id, device_id)
WHERE session.account_id = $1 AND session.session_id = $2
