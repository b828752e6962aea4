-- Notes that a connection of a device ended, unless it has a newer one.
-- $1 uuid: account; $2 uuid: device; $3 uuid: connection.
-- Changes 0 or 1 row. Index: devices_pkey.
UPDATE devices SET connected_node = NULL, last_connected_at = now()
WHERE account_id = $1 AND device_id = $2 AND connection_id = $3 AND connected_node IS NOT NULL
