-- The deliveries of challenges' current codes that their node planned and that nobody took up since.
-- $1 uuid[]: accounts; $2 uuid[]: challenges; $3 uuid[]: nodes.
-- Returns a row a delivery, with the place of its challenge among them from 1. Index: challenges_pkey, deliveries_pkey.
SELECT asked.place, deliveries.account_id, deliveries.challenge_id, deliveries.delivery_id, deliveries.device_id,
    deliveries.channel, deliveries.state, deliveries.generation, deliveries.tries, deliveries.silent
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS asked (account_id, challenge_id, node_id, place)
JOIN challenges USING (account_id, challenge_id)
JOIN deliveries USING (account_id, challenge_id, generation)
WHERE deliveries.due_at <= now() AND deliveries.claimed_by = asked.node_id
