-- Registers a device for push.
-- $1 uuid: account; $2 uuid: device; $3 text: kind; $4 text: address; $5 text: APNs environment or NULL; $6 bytea: keys or NULL.
-- Returns 1 row: replaces_good, whether codes went to another address until now, or were sealed with other keys. Index: devices_pkey.
WITH before AS (
    SELECT push_address, push_keys, push_expired_at FROM devices WHERE account_id = $1 AND device_id = $2
)
UPDATE devices SET
    push_kind = $3, push_address = $4, push_environment = $5, push_keys = $6, push_registered_at = now(), push_expired_at = NULL
FROM before
WHERE account_id = $1 AND device_id = $2
RETURNING coalesce(
    (before.push_address <> $4 OR (before.push_keys IS NOT NULL AND before.push_keys IS DISTINCT FROM $6))
        AND before.push_expired_at IS NULL, false) AS replaces_good
