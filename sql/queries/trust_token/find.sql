-- A trust token, and whether it still works.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: installation that shows it; $4 double precision: grace after its
-- replacement, $5: longest time without a sign-in, $6: longest time of trust, each in seconds.
-- Returns 0 or 1 row: device_id; reused (an old token came back after its grace); valid. Index: trust_tokens_pkey.
SELECT token.device_id,
    coalesce(token.replaced_at < now() - make_interval(secs => $4), false) AS reused,
    device.install_id = $3 AND device.trusted_at IS NOT NULL
        AND device.last_seen_at > now() - make_interval(secs => $5)
        AND device.trusted_at > now() - make_interval(secs => $6) AS valid
FROM trust_tokens token
JOIN devices device USING (account_id, device_id)
WHERE token.account_id = $1 AND token.token_hash = $2
FOR UPDATE OF token
