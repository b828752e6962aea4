-- The last count of the ways that owners have left.
-- Returns 0 or 1 row.
SELECT counted_at, figures FROM reach_report
