-- Cancels what is still to be delivered of a challenge, up to a generation. Rows are locked in the order of their ids, as
-- record_states does.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: the last generation to cancel.
-- Changes 0 or more rows. Index: deliveries_pkey.
WITH locked AS MATERIALIZED (
    SELECT delivery_id FROM deliveries
    WHERE account_id = $1 AND challenge_id = $2 AND generation <= $3 AND due_at IS NOT NULL
    ORDER BY delivery_id
    FOR UPDATE
)
UPDATE deliveries SET state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END, due_at = NULL
FROM locked
WHERE deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.delivery_id = locked.delivery_id
    AND due_at IS NOT NULL
