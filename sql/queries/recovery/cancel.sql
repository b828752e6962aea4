-- Ends a recovery that somebody of the account does not want.
-- $1 uuid: account; $2 uuid: recovery.
-- Changes 0 or 1 row. Index: recoveries_pkey.
UPDATE recoveries SET outcome = 'cancelled', ended_at = clock_timestamp()
WHERE account_id = $1 AND recovery_id = $2 AND outcome IS NULL
