-- Writes the notice "somebody has your password" for later: it is sent unless the installation's sign-in succeeds before. An
-- earlier one of the same installation stays as it is, and after one was sent there is none for a while.
-- $1 uuid: account; $2 uuid: notice; $3 text: kind; $4 jsonb: requesting device; $5 text: IP address; $6 text: location or
-- NULL; $7 uuid: its installation; $8 double precision: seconds until it is due; $9 double precision: seconds of that while.
-- Inserts 0 or 1 row. Index: notices_by_kind.
INSERT INTO notices (account_id, notice_id, kind, requester, ip, location, install_id, due_at)
SELECT $1, $2, $3, $4, $5::text::inet, $6, $7, now() + make_interval(secs => $8)
WHERE NOT EXISTS (
    SELECT 1 FROM notices
    WHERE account_id = $1 AND kind = $3
        AND (sent_at > now() - make_interval(secs => $9) OR (sent_at IS NULL AND install_id = $7)))
