-- A refresh token, and how it stands: it was used, its successor was (or the access token that came with it), and for longer than a
-- grace. Ask under the account's lock.
-- $1 uuid: account; $2 bytea: hash; $3 double precision: grace in seconds.
-- Returns 0 or 1 row: session_id, device_id; is_used; is_successor_used and is_successor_just_used; successor_key (NULL before its
-- first use). Index: refresh_tokens_pkey, sessions_pkey.
SELECT token.session_id, session.device_id, token.successor_key, token.used_at IS NOT NULL AS is_used,
    token.used_at IS NOT NULL AND (token.successor_hash IS NULL OR accepted.at IS NOT NULL) AS is_successor_used,
    -- Of an earlier version, which named no successors, it is the time of its own use that counts.
    coalesce(accepted.at, CASE WHEN token.successor_hash IS NULL THEN token.used_at END)
        >= now() - make_interval(secs => $3) IS TRUE AS is_successor_just_used
FROM refresh_tokens token
JOIN sessions session USING (account_id, session_id)
LEFT JOIN refresh_tokens successor
    ON successor.account_id = token.account_id AND successor.token_hash = token.successor_hash
CROSS JOIN LATERAL (SELECT coalesce(successor.accepted_at, successor.used_at,
    CASE WHEN session.refresh_hash = token.successor_hash THEN session.access_used_at END) AS at) accepted
WHERE token.account_id = $1 AND token.token_hash = $2
