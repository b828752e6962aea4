-- Writes down what a device says about a code it got over its connection. It may say so before the delivery was
-- recorded as handed on, and even before there was a row: a receipt is never lost, and never undone. A push to the
-- same device is then no longer due.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: device; $5 text: shown or not_shown.
-- Inserts or changes 1 row, or none when it was known. Index: the unique one of deliveries.
WITH push AS (
    UPDATE deliveries SET state = 'cancelled', due_at = NULL
    WHERE account_id = $1 AND challenge_id = $2 AND generation = $3 AND device_id = $4
        AND is_push(channel) AND state = 'pending' AND $5 = 'shown'
)
INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, state, accepted_at, receipt_at)
VALUES ($1, $2, gen_random_uuid(), $3, $4, 'websocket', $5, now(), now())
ON CONFLICT (account_id, challenge_id, generation, device_id, channel) DO UPDATE SET
    state = EXCLUDED.state,
    reason = NULL,
    accepted_at = coalesce(deliveries.accepted_at, now()),
    receipt_at = coalesce(deliveries.receipt_at, now()),
    due_at = CASE WHEN EXCLUDED.state = 'shown' THEN NULL ELSE deliveries.due_at END
WHERE deliveries.state <> EXCLUDED.state AND deliveries.state <> 'shown'
