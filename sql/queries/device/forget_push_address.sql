-- Forgets a push address that its provider calls dead, unless the device registered another one, or this one anew
-- since then.
-- $1 uuid: account; $2 uuid: device; $3 text: address; $4 timestamptz: when the provider learned it, or NULL.
-- Changes 0 or 1 row. Index: devices_pkey.
UPDATE devices SET
    push_kind = NULL, push_address = NULL, push_environment = NULL, push_keys = NULL, push_registered_at = NULL, push_expired_at = now()
WHERE account_id = $1 AND device_id = $2 AND push_address = $3
    AND ($4::timestamptz IS NULL OR push_registered_at <= $4)
