-- The trusted devices beyond the newest N by use, which lose their trust to a newer one.
-- $1 uuid: account; $2 bigint: how many may stay; $3 uuid: a device that stays in any case.
-- Returns device_id. Index: devices_pkey.
SELECT device_id FROM devices
WHERE account_id = $1 AND trusted_at IS NOT NULL
ORDER BY device_id = $3 DESC, last_seen_at DESC, device_id DESC
OFFSET $2
