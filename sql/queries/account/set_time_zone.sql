-- Says which clock the owner of an account reads.
-- $1 uuid: account; $2 text: name of a time zone.
-- Changes 0 or 1 row. Index: accounts_pkey.
UPDATE accounts SET time_zone = $2 WHERE account_id = $1 AND time_zone IS DISTINCT FROM $2
