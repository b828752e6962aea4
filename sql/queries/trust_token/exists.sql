-- Whether a trust token is known, whatever it is worth.
-- $1 uuid: account; $2 bytea: hash.
-- Returns 1 row. Index: trust_tokens_pkey.
SELECT EXISTS (SELECT FROM trust_tokens WHERE account_id = $1 AND token_hash = $2) AS is_known
