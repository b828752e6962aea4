-- A trust token, and whether it still works.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: installation that shows it; $4 double precision: grace after its
-- replacement in seconds.
-- Returns 0 or 1 row: device_id; reused (an old token came back after its grace); valid. Index: trust_tokens_pkey.
SELECT token.device_id,
    coalesce(token.replaced_at < now() - make_interval(secs => $4), false) AS reused,
    device.install_id = $3 AND is_trusted(device.trusted_at, device.last_seen_at) AS valid
FROM trust_tokens token
JOIN devices device USING (account_id, device_id)
WHERE token.account_id = $1 AND token.token_hash = $2
FOR UPDATE OF token
