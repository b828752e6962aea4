-- Hands the tokens of a session out again; the life of an access token that nobody used begins anew.
-- $1 uuid: account; $2 uuid: session; $3 bytea: hash of the access token; $4 double precision: its life, $5: longest life of the
-- session, in seconds.
-- Returns device_id, or no row when the session ended or ran out. Index: sessions_pkey.
UPDATE sessions SET access_expires_at = CASE
    WHEN access_hash = $3 AND access_used_at IS NULL
        THEN least(now() + make_interval(secs => $4), created_at + make_interval(secs => $5))
    ELSE access_expires_at END
WHERE account_id = $1 AND session_id = $2 AND ended_at IS NULL AND refresh_expires_at > now()
    AND created_at + make_interval(secs => $5) > now()
RETURNING device_id
