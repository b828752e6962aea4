-- Whether an account trusts any device.
-- $1 uuid: account.
-- Returns 1 row. Index: devices_pkey.
SELECT EXISTS (SELECT FROM devices WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)) AS has_trusted
