-- Forgets notices that were sent long ago.
-- $1 integer: days.
-- Deletes 0 or more rows. Index: notices_sent.
DELETE FROM notices WHERE sent_at < now() - make_interval(days => $1)
