-- The rollout switch with how many accounts are on its lists, and why it holds.
-- Returns 1 row; what begins with held_ is NULL unless it holds. The lists are counted whole: they are short.
SELECT percent, mode, changed_at, held_at, held_percent, held_cause, held_newest_count, held_newest_of, held_before_count,
    held_before_of,
    (SELECT count(*) FROM rollout_accounts WHERE listed = 'allow') AS allowed,
    (SELECT count(*) FROM rollout_accounts WHERE listed = 'deny') AS denied
FROM rollout
