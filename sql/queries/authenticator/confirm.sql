-- The first code was right: it is the account's authenticator app, once the earlier one is forgotten.
-- $1 uuid: account; $2 bytea: the sealed secret that was compared; $3 bigint: time step of the code.
-- Changes 0 or 1 row. Index: authenticators_pkey.
UPDATE authenticators SET is_confirmed = true, last_step = $3
WHERE account_id = $1 AND NOT is_confirmed AND sealed = $2
