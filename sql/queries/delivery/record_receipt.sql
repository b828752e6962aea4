-- Writes down what a device says about a code.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: device; $5 text: shown or not_shown.
-- Changes the rows that this receipt moves forward. Index: deliveries_pkey.
UPDATE deliveries SET
    receipt_at = coalesce(receipt_at, now()),
    state = $5,
    due_at = CASE WHEN $5 = 'shown' THEN NULL ELSE due_at END
WHERE account_id = $1 AND challenge_id = $2 AND generation = $3 AND device_id = $4
    AND state IN ('accepted', 'not_shown') AND state <> $5
