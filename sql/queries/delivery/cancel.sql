-- Cancels what is still to be delivered of a challenge, up to a generation.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: the last generation to cancel.
-- Changes 0 or more rows. Index: deliveries_pkey.
UPDATE deliveries SET state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END, due_at = NULL
WHERE account_id = $1 AND challenge_id = $2 AND generation <= $3 AND due_at IS NOT NULL
