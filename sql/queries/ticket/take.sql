-- Takes a ticket: it works once.
-- $1 bytea: hash.
-- Returns the session it was issued to, if the ticket and the session are in date. Index: connect_tickets_hash.
WITH taken AS (
    DELETE FROM connect_tickets WHERE ticket_hash = $1 RETURNING account_id, session_id, expires_at
)
SELECT session.account_id, session.session_id, session.device_id, session.access_expires_at,
    is_trusted(device.trusted_at, device.last_seen_at) AS device_trusted, device.locale
FROM taken
JOIN sessions session USING (account_id, session_id)
JOIN devices device USING (account_id, device_id)
WHERE taken.expires_at > now() AND session.ended_at IS NULL AND session.access_expires_at > now()
