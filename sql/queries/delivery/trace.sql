-- Every delivery of a challenge, of all its codes, for support.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns a row a delivery; destination numbers the devices from 1. Index: deliveries_pkey, devices_pkey.
SELECT deliveries.generation, (dense_rank() OVER (ORDER BY deliveries.device_id))::smallint AS destination,
    devices.name AS device_name, deliveries.channel, deliveries.state, deliveries.reason, deliveries.detail,
    deliveries.tries, deliveries.created_at, deliveries.accepted_at, deliveries.receipt_at, deliveries.silent
FROM deliveries
LEFT JOIN devices USING (account_id, device_id)
WHERE account_id = $1 AND deliveries.challenge_id = $2
ORDER BY deliveries.generation, destination, deliveries.created_at, deliveries.channel
