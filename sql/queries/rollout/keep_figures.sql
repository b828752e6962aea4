-- Keeps what was counted of the first hours of a batch.
-- $1 uuid: batch; $2 integer: hours; $3 bigint: accounts; $4 bigint: recovered; $5 bigint: asked; $6 bigint: unreachable;
-- $7 bigint: abandoned.
-- Inserts 1 row; none when another node was faster, or the batch is gone. Index: rollout_figures_pkey, rollout_batches_pkey.
INSERT INTO rollout_figures (batch_id, hours, accounts, recovered, asked, unreachable, abandoned)
SELECT batch_id, $2, $3, $4, $5, $6, $7 FROM rollout_batches WHERE batch_id = $1
ON CONFLICT DO NOTHING
