-- Takes the notifications of a closed challenge that may be on a screen, once: one a device, because the push of a newer
-- code replaced that of an older one.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns the newest delivery to each device with its address. Index: deliveries_pkey, devices_pkey.
WITH taken AS (
    UPDATE deliveries SET withdrawn_at = now()
    WHERE account_id = $1 AND challenge_id = $2 AND is_push(channel)
        AND withdrawn_at IS NULL AND state IN ('accepted', 'shown', 'not_shown', 'cancelled')
    RETURNING account_id, delivery_id, device_id, channel, generation, silent
)
SELECT DISTINCT ON (taken.device_id) taken.delivery_id, taken.device_id, taken.channel, taken.generation, taken.silent,
    devices.push_kind, devices.push_address, devices.push_environment, devices.push_keys, devices.locale
FROM taken
JOIN devices USING (account_id, device_id)
WHERE devices.push_address IS NOT NULL
ORDER BY taken.device_id, taken.generation DESC
