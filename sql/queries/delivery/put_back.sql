-- Puts a delivery back for any node, because this one cannot take it now.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: delivery; $4 double precision: seconds until it is due again.
-- Changes 1 row, or none when it is not to be worked any more. Index: deliveries_pkey.
UPDATE deliveries SET claimed_by = NULL, lease_until = NULL, due_at = now() + make_interval(secs => $4)
WHERE account_id = $1 AND challenge_id = $2 AND delivery_id = $3 AND state = 'pending' AND due_at IS NOT NULL
