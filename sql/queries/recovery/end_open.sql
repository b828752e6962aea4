-- Ends the recovery that an account waits for, or may use.
-- $1 uuid: account; $2 text: outcome.
-- Changes 0 or 1 row. Index: recoveries_one_open.
UPDATE recoveries SET outcome = $2, ended_at = clock_timestamp()
WHERE account_id = $1 AND outcome IS NULL
