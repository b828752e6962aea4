-- Holds the rollout back at the batch before its newest one.
-- $1 uuid: the newest batch; $2 text: cause; $3 and $4 bigint: so many accounts of so many in it; $5 and $6 bigint: in the batch before.
-- Changes 1 row; none when it holds already, or the share was moved since.
UPDATE rollout SET held_at = now(), held_batch = batch_id, held_percent = from_percent, held_cause = $2, held_newest_count = $3,
    held_newest_of = $4, held_before_count = $5, held_before_of = $6
FROM rollout_batches
WHERE held_at IS NULL AND batch_id = $1 AND from_percent = (SELECT max(from_percent) FROM rollout_batches)
