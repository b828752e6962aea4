-- Brings the batches in line with what is offered: a higher share begins one, a lower share takes batches away.
-- Inserts, changes or deletes 0 or more rows of a short table.
WITH offered AS (
    SELECT CASE mode WHEN 'on' THEN percent ELSE 0 END AS percent, changed_at FROM rollout
), gone AS (
    DELETE FROM rollout_batches USING offered WHERE from_percent >= offered.percent
), cut AS (
    UPDATE rollout_batches SET to_percent = offered.percent
    FROM offered
    WHERE from_percent < offered.percent AND to_percent > offered.percent
)
INSERT INTO rollout_batches (batch_id, from_percent, to_percent, began_at)
SELECT gen_random_uuid(), top, offered.percent, offered.changed_at
FROM offered, (SELECT coalesce(max(to_percent), 0) AS top FROM rollout_batches) AS so_far
WHERE top < offered.percent
