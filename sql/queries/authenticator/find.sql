-- The authenticator app of an account.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: authenticators_pkey.
SELECT key_id, sealed, last_step, made_at FROM authenticators WHERE account_id = $1 AND is_confirmed
