-- The account of an address, if the address is confirmed, and the device whose trust token is shown, if it is good. A row comes
-- back in either case, and of the same size: a stranger must not learn by the time that it takes which it was.
-- $1 text: the address in lower case; $2 uuid and $3 text: account and hash to return where there is none; $4 bytea: hash of a
-- trust token, or NULL; $5 uuid: installation that shows it, or NULL; $6 double precision: grace of a used token in seconds.
-- Returns 1 row. Index: accounts_email_key, trust_tokens_pkey, devices_pkey,
-- sessions_pkey.
SELECT found.account_id IS NOT NULL AS is_known, coalesce(found.account_id, $2) AS account_id,
    coalesce(found.password_hash, $3) AS password_hash, found.two_step_enabled_at IS NOT NULL AS two_step_enabled,
    (SELECT devices.device_id
     FROM trust_tokens token
     JOIN devices USING (account_id, device_id)
     LEFT JOIN trust_tokens successor
         ON successor.account_id = token.account_id AND successor.token_hash = token.successor_hash
     LEFT JOIN sessions begun ON begun.account_id = token.account_id AND begun.session_id = token.session_id
     WHERE token.account_id = coalesce(found.account_id, $2) AND token.token_hash = $4
         AND (token.replaced_at IS NULL OR (successor.token_hash IS NOT NULL
             AND coalesce(least(successor.used_at, begun.first_used_at) > now() - make_interval(secs => $6), true)))
         AND devices.install_id = $5 AND is_trusted(devices.trusted_at, devices.last_seen_at)) AS trusted_device
FROM (SELECT 1) AS always
LEFT JOIN accounts AS found ON found.email = $1 AND found.email_verified_at IS NOT NULL
