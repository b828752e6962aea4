-- Forgets recoveries that ended long ago.
-- $1 integer: days to keep them.
-- Deletes 0 or more rows. Reads the whole table, which is small.
DELETE FROM recoveries WHERE ended_at < now() - make_interval(days => $1)
