-- What was counted of the first hours of a batch.
-- $1 uuid: batch; $2 integer: hours.
-- Returns 0 or 1 row. Index: rollout_figures_pkey.
SELECT accounts, recovered, asked, unreachable, abandoned FROM rollout_figures WHERE batch_id = $1 AND hours = $2
