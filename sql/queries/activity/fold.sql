-- Counts up an entry that happened just now already: of the same kind, with the same end, by the same device and session, or
-- from the same address.
-- $1 uuid: account; $2 text: kind; $3 text: outcome; $4 uuid: device that did it, or NULL; $5 uuid: its session, or NULL;
-- $6 text: IP address or NULL; $7 double precision: within so many seconds; $8 text: name of the device it is about, or NULL.
-- Changes 0 or 1 row. Index: login_activity_newest.
UPDATE login_activity SET repeats = repeats + 1, about = $8
WHERE account_id = $1 AND (activity_id, at) IN (
    SELECT activity_id, at FROM login_activity
    WHERE account_id = $1 AND at > now() - make_interval(secs => $7) AND kind = $2 AND outcome = $3
        AND device_id IS NOT DISTINCT FROM $4 AND session_id IS NOT DISTINCT FROM $5
        AND ip IS NOT DISTINCT FROM $6::text::inet AND reported_at IS NULL
    ORDER BY at DESC
    LIMIT 1)
