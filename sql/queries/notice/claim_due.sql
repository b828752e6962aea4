-- Claims messages to owners for this node.
-- $1 bigint: how many; $2 double precision: seconds until another node may take over.
-- Returns what is needed to write the mail. Index: notices_due.
UPDATE notices SET due_at = now() + make_interval(secs => $2), tries = tries + 1
FROM accounts
WHERE accounts.account_id = notices.account_id AND (notices.account_id, notices.notice_id) IN (
    SELECT account_id, notice_id FROM notices
    WHERE due_at <= now()
    ORDER BY due_at
    LIMIT $1
    FOR UPDATE SKIP LOCKED)
RETURNING notices.account_id, notices.notice_id, notices.kind, notices.requester, host(notices.ip) AS ip,
    notices.location, notices.created_at, notices.tries, accounts.email
