-- Forgets challenges that are over for long, with their deliveries. The login activity keeps what its owner may ask for.
-- $1 integer: days.
-- Deletes 0 or more rows. Index: challenges_closed.
DELETE FROM challenges WHERE closed_at < now() - make_interval(days => $1)
