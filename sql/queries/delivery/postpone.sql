-- Gives a delivery that could not be handed on back, for any node to take up later.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: delivery; $4 text: why; $5 double precision: seconds until it is due.
-- Changes 1 row, or none when it was is not to be worked any more. Index: deliveries_pkey.
UPDATE deliveries SET
    detail = $4,
    due_at = now() + make_interval(secs => $5),
    claimed_by = NULL,
    lease_until = NULL
WHERE account_id = $1 AND challenge_id = $2 AND delivery_id = $3 AND state = 'pending'
    AND due_at IS NOT NULL
