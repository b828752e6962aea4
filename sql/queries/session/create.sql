-- Makes a session. Of those of its device that go on few may, and the oldest end.
-- $1 uuid: account; $2 uuid: session; $3 uuid: device; $4 bytea: hash of the access token;
-- $5 double precision: life of the access token, $6: of the refresh token, in seconds; $7 bigint: how many may go on with it;
-- $8 text: why the others end; $9 bytea: hash of the refresh token; $10 text: where it began, or NULL.
-- Returns the session_id of each that ended. Index: sessions_device.
WITH created AS (
    INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at,
        refresh_hash, last_location)
    VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), now() + make_interval(secs => $6), $9, $10)
)
UPDATE sessions SET ended_at = now(), end_reason = $8
WHERE account_id = $1 AND session_id IN (
    SELECT session_id FROM sessions
    WHERE account_id = $1 AND device_id = $3 AND ended_at IS NULL
    ORDER BY created_at DESC, session_id DESC
    OFFSET $7::bigint - 1)
RETURNING session_id
