-- Takes a code: of its time step no other is taken, nor of an earlier one.
-- $1 uuid: account; $2 bigint: time step.
-- Changes 0 or 1 row. Index: authenticators_pkey.
UPDATE authenticators SET last_step = $2 WHERE account_id = $1 AND is_confirmed AND last_step < $2
