-- Forgets a message that cannot be sent.
-- $1 uuid: account; $2 uuid: notice.
-- Deletes 1 row. Index: notices_pkey.
DELETE FROM notices WHERE account_id = $1 AND notice_id = $2 AND sent_at IS NULL
