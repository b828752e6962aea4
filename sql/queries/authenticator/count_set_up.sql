-- Counts a code that is typed to confirm an authenticator app, before it is compared.
-- $1 uuid: account; $2 smallint: codes that may be typed; $3 double precision: seconds that it waits to be confirmed.
-- Returns 0 or 1 row. Index: authenticators_pkey.
UPDATE authenticators SET attempts = attempts + 1
WHERE account_id = $1 AND NOT is_confirmed AND attempts < $2 AND made_at > now() - make_interval(secs => $3)
RETURNING key_id, sealed, attempts, now() AS now
