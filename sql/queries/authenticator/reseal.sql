-- Keeps a secret sealed with another key, if it is still the same secret.
-- $1 uuid: account; $2 bytea: as it was sealed; $3 text: code key; $4 bytea: as it is sealed now.
-- Changes 0 or 1 row. Index: authenticators_pkey.
UPDATE authenticators SET key_id = $3, sealed = $4 WHERE account_id = $1 AND sealed = $2
