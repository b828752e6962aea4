-- Which session of the server answers.
-- Returns 1 row.
SELECT pg_backend_pid() AS backend
