-- Puts a message that could not be sent off to a later time.
-- $1 uuid: account; $2 uuid: notice; $3 double precision: seconds until it is due.
-- Changes 1 row. Index: notices_pkey.
UPDATE notices SET due_at = now() + make_interval(secs => $3)
WHERE account_id = $1 AND notice_id = $2 AND sent_at IS NULL
