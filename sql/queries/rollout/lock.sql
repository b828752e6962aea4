-- The rollout switch, for who is about to move it: others wait.
-- Returns 1 row; held_percent is NULL unless the rollout holds.
SELECT percent, held_percent, mode, salt FROM rollout FOR UPDATE
