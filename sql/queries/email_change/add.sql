-- Writes down that an address was changed.
-- $1 uuid: account; $2 uuid: change; $3 text: the address before; $4 double precision: seconds for which it can be undone.
-- Inserts 1 row.
INSERT INTO email_changes (account_id, change_id, old_email, undo_until)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
