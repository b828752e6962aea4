-- Gives an account new recovery codes in the place of all earlier ones.
-- $1 uuid: account; $2 bytea: salt; $3 bytea[]: hashes of the codes; $4 uuid and $5 uuid: device and session that make them.
-- Inserts a row for each. Index: recovery_codes_pkey.
WITH earlier AS (
    DELETE FROM recovery_codes WHERE account_id = $1
)
INSERT INTO recovery_codes (account_id, code_hash, salt, device_id, session_id)
SELECT $1, code_hash, $2, $4, $5 FROM unnest($3::bytea[]) AS code_hash
