-- Forgets the authenticator app of an account, or one that is not confirmed.
-- $1 uuid: account; $2 boolean: the confirmed one.
-- Deletes 0 or 1 row. Index: authenticators_pkey.
DELETE FROM authenticators WHERE account_id = $1 AND is_confirmed = $2
