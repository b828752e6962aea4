-- Moves the rollout switch.
-- $1 double precision: percent.
-- Changes 1 row.
UPDATE rollout SET percent = $1, changed_at = now()
