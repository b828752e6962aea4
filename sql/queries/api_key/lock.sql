-- Waits until nobody else makes a key; the lock ends with the transaction. Two with the same audience at once would not see each
-- other's rows.
-- Returns 1 row.
SELECT pg_advisory_xact_lock(7239014002)
