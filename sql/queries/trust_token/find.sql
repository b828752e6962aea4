-- A trust token, and how it stands: it was used, its successor was (or a token of the session that came with it), and for longer than
-- a grace.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: installation that shows it; $4 double precision: grace in seconds.
-- Returns 0 or 1 row: device_id; is_used; is_successor_used (or it is gone) and is_successor_just_used; valid; successor_key and
-- session_id (NULL before its first use). Index: trust_tokens_pkey, sessions_pkey.
SELECT token.device_id, token.successor_key, token.session_id, token.replaced_at IS NOT NULL AS is_used,
    token.replaced_at IS NOT NULL AND (successor.token_hash IS NULL OR accepted.at IS NOT NULL) AS is_successor_used,
    -- Of an earlier version, which named no successors, it is the time of its own use that counts.
    coalesce(accepted.at, CASE WHEN token.successor_hash IS NULL THEN token.replaced_at END)
        >= now() - make_interval(secs => $4) IS TRUE AS is_successor_just_used,
    device.install_id = $3 AND is_trusted(device.trusted_at, device.last_seen_at) AS valid
FROM trust_tokens token
JOIN devices device USING (account_id, device_id)
LEFT JOIN trust_tokens successor
    ON successor.account_id = token.account_id AND successor.token_hash = token.successor_hash
LEFT JOIN sessions begun ON begun.account_id = token.account_id AND begun.session_id = token.session_id
CROSS JOIN LATERAL (SELECT least(successor.used_at, begun.first_used_at) AS at) accepted
WHERE token.account_id = $1 AND token.token_hash = $2
FOR UPDATE OF token
