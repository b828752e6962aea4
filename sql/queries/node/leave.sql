-- Says that a node is gone, so that others take over at once. Devices that it still holds were there until now.
-- $1 uuid: node.
-- Deletes 0 or 1 row. Index: nodes_pkey, devices_connected.
WITH gone AS (
    UPDATE devices SET connected_node = NULL, last_connected_at = now() WHERE connected_node = $1
)
DELETE FROM nodes WHERE node_id = $1
