-- Forgets the authenticator app of an account, confirmed or not, if a device or a session set it up.
-- $1 uuid: account; $2 uuid: device or NULL; $3 uuid: session or NULL.
-- Returns is_confirmed of each. Index: authenticators_pkey.
DELETE FROM authenticators WHERE account_id = $1 AND (device_id = $2 OR session_id = $3)
RETURNING is_confirmed
