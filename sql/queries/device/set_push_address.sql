-- Registers a device for push.
-- $1 uuid: account; $2 uuid: device; $3 text: kind; $4 text: address; $5 text: APNs environment or NULL.
-- Changes 1 row. Index: devices_pkey.
UPDATE devices SET
    push_kind = $3, push_address = $4, push_environment = $5, push_registered_at = now(), push_expired_at = NULL
WHERE account_id = $1 AND device_id = $2
