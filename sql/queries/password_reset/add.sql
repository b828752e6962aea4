-- Writes down that a new password was asked for.
-- $1 uuid: account; $2 uuid: reset; $3 double precision: seconds for which its link is good.
-- Inserts 1 row.
INSERT INTO password_resets (account_id, reset_id, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))
