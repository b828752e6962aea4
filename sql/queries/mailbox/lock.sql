-- Waits until nobody else counts mails to this mailbox; the lock ends with the transaction. Two accounts with one mailbox do
-- not lock each other.
-- $1 bytea: SHA-256 of the mailbox.
-- Returns 1 row.
SELECT pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))
