-- Notes that a device connected to a node.
-- $1 uuid: account; $2 uuid: device; $3 uuid: node; $4 uuid: connection.
-- Changes 0 or 1 row. Index: devices_pkey.
UPDATE devices SET connected_node = $3, connection_id = $4, last_connected_at = now()
WHERE account_id = $1 AND device_id = $2 AND (connection_id IS NULL OR connection_id < $4)
