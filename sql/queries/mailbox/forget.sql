-- Forgets mails that count no longer.
-- Deletes 0 or more rows. Index: mailbox_sends_at.
DELETE FROM mailbox_sends WHERE at < now() - interval '1 day'
