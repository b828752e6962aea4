-- Says that a node is gone, so that others take over at once.
-- $1 uuid: node.
-- Deletes 0 or 1 row. Index: nodes_pkey.
DELETE FROM nodes WHERE node_id = $1
