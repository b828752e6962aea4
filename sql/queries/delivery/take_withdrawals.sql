-- Takes the pushes of a closed challenge whose notification may be on a screen, once.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns the deliveries with their addresses. Index: deliveries_pkey, devices_pkey.
UPDATE deliveries SET withdrawn_at = now()
FROM devices
WHERE deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.channel IN ('fcm', 'apns')
    AND deliveries.withdrawn_at IS NULL AND deliveries.state IN ('accepted', 'shown', 'not_shown', 'cancelled')
    AND devices.account_id = deliveries.account_id AND devices.device_id = deliveries.device_id
    AND devices.push_address IS NOT NULL
RETURNING deliveries.delivery_id, deliveries.device_id, deliveries.channel, deliveries.generation,
    devices.push_kind, devices.push_address, devices.push_environment
