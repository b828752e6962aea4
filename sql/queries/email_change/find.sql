-- A change of an address that somebody wants to undo.
-- $1 uuid: change; $2 double precision: seconds for which the same request again is answered alike.
-- Returns 1 row, or none when it is over. Index: email_changes_by_id.
SELECT account_id, old_email, undone_at IS NOT NULL AS is_undone
FROM email_changes
WHERE change_id = $1
    AND CASE WHEN undone_at IS NULL THEN undo_until > now() ELSE undone_at > now() - make_interval(secs => $2) END
