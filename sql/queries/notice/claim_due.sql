-- Claims messages to owners for this node. Of those that wait for a sign-in only the first of an account goes.
-- $1 bigint: how many; $2 double precision: seconds until another node may take over.
-- Returns what is needed to write the mail. Index: notices_due, notices_by_kind.
UPDATE notices SET due_at = now() + make_interval(secs => $2), tries = tries + 1
FROM accounts
WHERE accounts.account_id = notices.account_id AND (notices.account_id, notices.notice_id) IN (
    SELECT account_id, notice_id FROM notices
    WHERE due_at <= now() AND (install_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM notices AS earlier
        WHERE earlier.account_id = notices.account_id AND earlier.kind = notices.kind AND earlier.sent_at IS NULL
            AND earlier.notice_id <> notices.notice_id
            AND (earlier.tries > 0 OR (earlier.due_at <= now() AND earlier.notice_id < notices.notice_id))))
    ORDER BY due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING notices.account_id, notices.notice_id, notices.kind, notices.requester, host(notices.ip) AS ip,
    notices.location, notices.created_at, notices.tries,
    coalesce(notices.mailbox, accounts.email, accounts.contact_email) AS email, accounts.locale,
    accounts.time_zone
