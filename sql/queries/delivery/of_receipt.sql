-- The push that a receipt is of.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: delivery.
-- Returns 0 or 1 row: its device, as long as that is trusted, and the code it carried. Index: deliveries_pkey, devices_pkey.
SELECT deliveries.device_id, deliveries.generation, deliveries.channel
FROM deliveries
JOIN devices USING (account_id, device_id)
WHERE deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.delivery_id = $3
    AND is_push(deliveries.channel) AND is_trusted(devices.trusted_at, devices.last_seen_at)
