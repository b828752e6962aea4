-- What the recovery codes of an account are hashed with.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: recovery_codes_pkey.
SELECT salt FROM recovery_codes WHERE account_id = $1 LIMIT 1
