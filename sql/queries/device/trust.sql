-- Trusts a device from now on.
-- $1 uuid: account; $2 uuid: device.
-- Changes 1 row. Index: devices_pkey.
UPDATE devices SET trusted_at = now() WHERE account_id = $1 AND device_id = $2
