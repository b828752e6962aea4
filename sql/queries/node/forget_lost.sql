-- Forgets nodes that were not seen for a day.
-- Deletes 0 or more rows; a full scan of a small table.
DELETE FROM nodes WHERE seen_at < now() - interval '1 day'
