-- How the database writes text.
-- Returns 1 row.
SELECT current_setting('server_encoding') AS encoding
