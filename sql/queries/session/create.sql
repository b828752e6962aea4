-- Makes a session.
-- $1 uuid: account; $2 uuid: session; $3 uuid: device; $4 bytea: hash of the access token;
-- $5 double precision: life of the access token, $6: of the refresh token, in seconds.
-- Inserts 1 row.
INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at)
VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), now() + make_interval(secs => $6))
