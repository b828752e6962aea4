-- The rollout switch with how many accounts are on its lists.
-- Returns 1 row. The lists are counted whole: they are short.
SELECT percent, mode, changed_at,
    (SELECT count(*) FROM rollout_accounts WHERE listed = 'allow') AS allowed,
    (SELECT count(*) FROM rollout_accounts WHERE listed = 'deny') AS denied
FROM rollout
