-- How the trusted devices of accounts can be reached besides their connections.
-- $1 uuid[]: accounts.
-- Returns up to 10 rows for each, with its place among the accounts from 1. Index: devices_pkey.
SELECT asked.place, device_id, notifications_allowed, push_address IS NOT NULL AS has_push_address,
    push_expired_at IS NOT NULL AS push_address_expired
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (account_id, place)
JOIN devices USING (account_id)
WHERE is_trusted(trusted_at, last_seen_at)
