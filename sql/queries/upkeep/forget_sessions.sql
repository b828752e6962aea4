-- Forgets sessions that are over for long, with their refresh tokens.
-- $1 integer: days.
-- Deletes 0 or more rows. Index: sessions_ended.
DELETE FROM sessions WHERE ended_at < now() - make_interval(days => $1)
