-- Writes down that the mail server took a message. One that waited for a sign-in stands for the others of its account.
-- $1 uuid: account; $2 uuid: notice.
-- Changes 1 row. Index: notices_pkey, notices_by_kind.
WITH sent AS (
    UPDATE notices SET sent_at = now(), due_at = NULL
    WHERE account_id = $1 AND notice_id = $2
    RETURNING kind, install_id)
DELETE FROM notices USING sent
WHERE notices.account_id = $1 AND notices.kind = sent.kind AND sent.install_id IS NOT NULL
    AND notices.install_id IS NOT NULL AND notices.notice_id <> $2 AND notices.sent_at IS NULL
