-- Writes down what devices say about codes that they got over their connections, as record_receipt does, for those whose
-- delivery nobody else works just now and that no push waits for. Nobody waits here for a lock, so one account does not hold
-- up others; what is left out is to be written alone.
-- $1 uuid[]: accounts; $2 uuid[]: challenges; $3 integer[]: generations; $4 uuid[]: devices, none of which is twice there with
-- the same code; $5 text[]: shown or not_shown.
-- Returns a row for each that is written or was known, with its place among them from 1. Index: the unique one of deliveries.
WITH free AS MATERIALIZED (
    SELECT said.place, said.state, delivery.account_id, delivery.challenge_id, delivery.delivery_id,
        delivery.state <> said.state AND delivery.state <> 'shown' AS is_news
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::uuid[], $5::text[]) WITH ORDINALITY
        AS said (account_id, challenge_id, generation, device_id, state, place)
    JOIN deliveries delivery USING (account_id, challenge_id, generation, device_id)
    WHERE delivery.channel = 'websocket' AND NOT EXISTS (
        SELECT 1 FROM deliveries push
        WHERE push.account_id = said.account_id AND push.challenge_id = said.challenge_id
            AND push.generation = said.generation AND push.device_id = said.device_id
            AND push.channel IN ('fcm', 'apns') AND push.state = 'pending')
    FOR UPDATE OF delivery SKIP LOCKED
), written AS (
    UPDATE deliveries SET
        state = free.state,
        reason = NULL,
        accepted_at = coalesce(accepted_at, now()),
        receipt_at = coalesce(receipt_at, now()),
        due_at = CASE WHEN free.state = 'shown' THEN NULL ELSE due_at END
    FROM free
    WHERE deliveries.account_id = free.account_id AND deliveries.challenge_id = free.challenge_id
        AND deliveries.delivery_id = free.delivery_id AND free.is_news
)
SELECT place, is_news FROM free
