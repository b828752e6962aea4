-- Claims the deliveries of a challenge's current code for the node that started it.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: node; $4 double precision: its lease in seconds.
-- Returns the claimed rows. Index: deliveries_pkey.
UPDATE deliveries SET claimed_by = $3, lease_until = now() + make_interval(secs => $4), tries = tries + 1
FROM challenges
WHERE challenges.account_id = deliveries.account_id AND challenges.challenge_id = deliveries.challenge_id
    AND challenges.generation = deliveries.generation
    AND deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.due_at <= now()
    AND (deliveries.claimed_by = $3 OR deliveries.claimed_by IS NULL)
RETURNING deliveries.account_id, deliveries.challenge_id, deliveries.delivery_id, deliveries.device_id,
    deliveries.channel, deliveries.state, deliveries.generation, deliveries.tries, deliveries.silent
