-- Forgets answers that are kept for long enough.
-- $1 double precision: seconds.
-- Deletes 0 or more rows. Index: idempotent_requests_created.
DELETE FROM idempotent_requests WHERE created_at < now() - make_interval(secs => $1)
