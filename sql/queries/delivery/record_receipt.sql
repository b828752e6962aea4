-- Writes down what a device says about a code that went over its connection. A receipt may be quicker than the notes
-- that the code was sent (record_states, record_replay); it stays, whatever they say later.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: device; $5 text: shown or not_shown.
-- Inserts 1 row, or changes it when this receipt moves it forward. Index: the unique one of deliveries.
INSERT INTO deliveries
    (account_id, challenge_id, delivery_id, generation, device_id, channel, state, accepted_at, receipt_at)
VALUES ($1, $2, gen_random_uuid(), $3, $4, 'websocket', $5, now(), now())
ON CONFLICT (account_id, challenge_id, generation, device_id, channel) DO UPDATE SET
    state = $5,
    reason = NULL,
    accepted_at = coalesce(deliveries.accepted_at, now()),
    receipt_at = coalesce(deliveries.receipt_at, now()),
    due_at = CASE WHEN $5 = 'shown' THEN NULL ELSE deliveries.due_at END
WHERE deliveries.state IN ('pending', 'accepted', 'unreachable', 'not_shown') AND deliveries.state <> $5
