-- Waits until nobody else registers this push address; the lock ends with the transaction. Two devices that come with
-- the same address at once would not see each other's rows.
-- $1 text: address.
-- Returns 1 row.
SELECT pg_advisory_xact_lock(hashtextextended($1, 0))
