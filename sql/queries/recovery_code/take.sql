-- Uses a recovery code up.
-- $1 uuid: account; $2 bytea: hash of the code; $3 uuid: challenge that it is used in.
-- Returns 0 or 1 row: how many are left. Index: recovery_codes_pkey.
WITH taken AS (
    UPDATE recovery_codes SET used_at = now(), used_for = $3
    WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL
    RETURNING account_id
)
SELECT (SELECT count(*) FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL AND code_hash <> $2)::integer AS codes_left
FROM taken
