-- Which PostgreSQL this is, and what time it has.
-- Returns 1 row.
SELECT current_setting('server_version_num')::integer AS version_number, current_setting('server_version') AS version,
    clock_timestamp() AS now
