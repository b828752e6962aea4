-- Ends the trust in a device, and forgets how to push to it and the name that its owner gave it.
-- $1 uuid: account; $2 uuid: device.
-- Changes 0 (it was not trusted) or 1 row. Index: devices_pkey.
UPDATE devices SET
    trusted_at = NULL, push_kind = NULL, push_address = NULL, push_environment = NULL, push_keys = NULL,
    push_registered_at = NULL, push_expired_at = NULL, renamed_at = NULL
WHERE account_id = $1 AND device_id = $2 AND trusted_at IS NOT NULL
