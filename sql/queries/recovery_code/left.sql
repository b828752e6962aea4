-- How many recovery codes an account has left, and when they were made.
-- $1 uuid: account.
-- Returns 1 row; made_at is NULL where there never were any. Index: recovery_codes_pkey.
SELECT count(*) FILTER (WHERE used_at IS NULL)::integer AS codes_left, max(made_at) AS made_at
FROM recovery_codes
WHERE account_id = $1
