-- Keeps the last count of the ways that owners have left.
-- $1 jsonb: the figures.
-- Inserts or changes 1 row.
INSERT INTO reach_report (counted_at, figures) VALUES (now(), $1)
ON CONFLICT (only_row) DO UPDATE SET counted_at = excluded.counted_at, figures = excluded.figures
