-- The challenge of a sign-in that a token is for, and whether it is still open. The hash is of 256 random bits.
-- $1 uuid: account; $2 bytea: hash of the token.
-- Returns 0 or 1 row. Index: challenges_pkey.
SELECT challenge_id, outcome IS NULL AND expires_at > now() AS is_open
FROM challenges
WHERE account_id = $1 AND token_hash = $2 AND purpose = 'sign_in'
