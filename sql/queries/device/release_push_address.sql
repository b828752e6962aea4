-- Takes a push address from every other device: one address belongs to one device.
-- $1 text: address; $2 uuid: account and $3 uuid: device that it belongs to now.
-- Changes 0 or more rows. Index: devices_push_address.
UPDATE devices SET
    push_kind = NULL, push_address = NULL, push_environment = NULL, push_registered_at = NULL, push_expired_at = NULL
WHERE push_address = $1 AND NOT (account_id = $2 AND device_id = $3)
