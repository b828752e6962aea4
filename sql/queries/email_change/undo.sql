-- Marks a change of an address as undone, and forgets every later one: `now()` is when a transaction began, and one that waited for the
-- account's lock would still undo what is only put out of date.
-- $1 uuid: account; $2 uuid: change.
-- Returns 1 row, or none when it was undone or is over. Index: email_changes_pkey.
WITH undone AS (
    UPDATE email_changes SET undone_at = now()
    WHERE account_id = $1 AND change_id = $2 AND undone_at IS NULL AND undo_until > now()
    RETURNING account_id, change_id, changed_at
), later AS (
    DELETE FROM email_changes
    USING undone
    WHERE email_changes.account_id = undone.account_id AND email_changes.change_id <> undone.change_id
        AND email_changes.changed_at >= undone.changed_at AND email_changes.undone_at IS NULL
)
SELECT change_id FROM undone
