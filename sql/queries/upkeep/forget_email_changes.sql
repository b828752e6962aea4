-- Forgets changes of addresses that cannot be undone any more, and addresses that were waited for.
-- $1 integer: days to keep them.
-- Deletes 0 or more rows. Reads the whole tables, which are small.
WITH pending AS (
    DELETE FROM pending_addresses WHERE created_at < now() - make_interval(days => $1)
)
DELETE FROM email_changes WHERE undo_until < now() - make_interval(days => $1)
