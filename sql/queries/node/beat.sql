-- Says that a node is alive and whether it is cut off from the others, and asks whether one of those that are alive is, and what time it is.
-- $1 uuid: node; $2 boolean: it is cut off; $3 double precision: seconds after which a node that was not seen is gone.
-- Inserts or changes 1 row, and returns 1. Index: nodes_pkey; besides a full scan of a small table.
WITH seen AS (
    INSERT INTO nodes (node_id, seen_at, cut_off) VALUES ($1, now(), $2)
    ON CONFLICT (node_id) DO UPDATE SET seen_at = now(), cut_off = EXCLUDED.cut_off
)
SELECT EXISTS (
    SELECT 1 FROM nodes WHERE cut_off AND node_id <> $1 AND seen_at > now() - make_interval(secs => $3)) AS other_cut_off,
    clock_timestamp() AS now
