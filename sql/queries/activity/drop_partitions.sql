-- Drops whole months that are older than the retention.
-- $1 integer: months to keep.
-- Returns 1 row: how many were dropped.
SELECT drop_login_activity_partitions($1) AS dropped
