-- Forgets the recovery codes of an account, if a device or a session made them.
-- $1 uuid: account; $2 uuid: device or NULL; $3 uuid: session or NULL.
-- Deletes any number of rows. Index: recovery_codes_pkey.
DELETE FROM recovery_codes WHERE account_id = $1 AND (device_id = $2 OR session_id = $3)
