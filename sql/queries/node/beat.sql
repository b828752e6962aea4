-- Says that a node is alive.
-- $1 uuid: node.
-- Inserts or changes 1 row. Index: nodes_pkey.
INSERT INTO nodes (node_id, seen_at) VALUES ($1, now())
ON CONFLICT (node_id) DO UPDATE SET seen_at = now()
