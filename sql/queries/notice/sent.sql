-- Writes down that the mail server took a message.
-- $1 uuid: account; $2 uuid: notice.
-- Changes 1 row. Index: notices_pkey.
UPDATE notices SET sent_at = now(), due_at = NULL WHERE account_id = $1 AND notice_id = $2
