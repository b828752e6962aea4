-- Gives a session its next access token; the earlier one stops working. No token outlives the session's longest life.
-- $1 uuid: account; $2 uuid: session; $3 bytea: hash of the access token; $4 double precision: its life,
-- $5: life of the refresh token, $6: longest life of the session, in seconds; $7 bytea: hash of the refresh token;
-- $8 text: where it is now, or NULL.
-- Changes 0 (the session ended or ran out) or 1 row. Index: sessions_pkey.
UPDATE sessions SET
    last_used_at = now(), last_location = $8, access_hash = $3, refresh_hash = $7, access_used_at = NULL, first_used_at = coalesce(first_used_at, now()),
    access_expires_at = least(now() + make_interval(secs => $4), created_at + make_interval(secs => $6)),
    refresh_expires_at = least(now() + make_interval(secs => $5), created_at + make_interval(secs => $6))
WHERE account_id = $1 AND session_id = $2 AND ended_at IS NULL AND refresh_expires_at > now()
    AND created_at + make_interval(secs => $6) > now()
