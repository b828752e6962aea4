-- Lets the rollout go on. The batch that was held back begins anew: what was counted of it is forgotten.
-- Changes 0 or 1 row of each table.
WITH held AS (
    SELECT held_batch FROM rollout WHERE held_at IS NOT NULL FOR UPDATE
), anew AS (
    UPDATE rollout_batches SET began_at = now() FROM held WHERE batch_id = held_batch
), forgotten AS (
    DELETE FROM rollout_figures USING held WHERE batch_id = held_batch
)
UPDATE rollout SET held_at = NULL, held_batch = NULL, held_percent = NULL, held_cause = NULL, held_newest_count = NULL,
    held_newest_of = NULL, held_before_count = NULL, held_before_of = NULL
FROM held
