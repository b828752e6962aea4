-- Marks a used trust token, and every one of the device that is older than the grace, as replaced.
-- $1 uuid: account; $2 uuid: device; $3 bytea: hash of the token that was used; $4 double precision: grace in seconds.
-- Changes 0 or more rows. Index: trust_tokens_device.
UPDATE trust_tokens SET replaced_at = now()
WHERE account_id = $1 AND device_id = $2 AND replaced_at IS NULL
    AND (token_hash = $3 OR issued_at < now() - make_interval(secs => $4))
