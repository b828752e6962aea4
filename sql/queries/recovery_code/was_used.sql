-- Whether a recovery code was used in a challenge.
-- $1 uuid: account; $2 bytea: hash of the code; $3 uuid: challenge.
-- Returns 1 row. Index: recovery_codes_pkey.
SELECT EXISTS (SELECT FROM recovery_codes WHERE account_id = $1 AND code_hash = $2 AND used_for = $3) AS was_used
