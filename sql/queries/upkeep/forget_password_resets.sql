-- Forgets wishes for a new password that are over.
-- $1 integer: days to keep them.
-- Deletes 0 or more rows. Reads the whole table, which is small.
DELETE FROM password_resets WHERE expires_at < now() - make_interval(days => $1)
