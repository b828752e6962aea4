-- How far the deliveries of a challenge's current code came.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation.
-- Returns a row a delivery; destination numbers the devices from 1. Index: deliveries_pkey.
SELECT (dense_rank() OVER (ORDER BY device_id))::smallint AS destination, channel, state, reason, detail,
    accepted_at, receipt_at, silent
FROM deliveries
WHERE account_id = $1 AND challenge_id = $2 AND generation = $3
ORDER BY destination, created_at, channel
