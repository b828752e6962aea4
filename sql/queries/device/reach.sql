-- How the trusted devices of an account can be reached besides their connections.
-- $1 uuid: account.
-- Returns up to 10 rows. Index: devices_pkey.
SELECT device_id, notifications_allowed, push_address IS NOT NULL AS has_push_address,
    push_expired_at IS NOT NULL AS push_address_expired
FROM devices
WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)
