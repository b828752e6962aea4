-- Forgets messages that cannot be sent.
-- $1 uuid[]: accounts; $2 uuid[]: notices.
-- Deletes a row for each. Index: notices_pkey.
DELETE FROM notices
USING unnest($1::uuid[], $2::uuid[]) AS gone (account_id, notice_id)
WHERE notices.account_id = gone.account_id AND notices.notice_id = gone.notice_id AND sent_at IS NULL
