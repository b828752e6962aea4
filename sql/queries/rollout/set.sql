-- Moves the rollout switch.
-- $1 double precision: percent, or NULL to leave it; $2 text: mode, or NULL to leave it.
-- Changes 1 row.
UPDATE rollout SET percent = coalesce($1, percent), mode = coalesce($2, mode), changed_at = now()
