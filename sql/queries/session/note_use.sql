-- Notes that an access token was accepted for the first time.
-- $1 uuid: account; $2 uuid: session; $3 bytea: hash of the token.
-- Changes 0 or 1 row. Index: sessions_pkey.
UPDATE sessions SET access_used_at = now(), last_used_at = now(), first_used_at = coalesce(first_used_at, now())
WHERE account_id = $1 AND session_id = $2 AND access_hash = $3 AND access_used_at IS NULL
