-- The newest batch and the one before it, each with what was counted of it last.
-- Returns up to 2 rows, the newest first: hours, whole ones since it began (a transaction that ends late is waited for a minute);
-- is_remembered, nothing of its first hours is forgotten yet; counted_hours and the figures are NULL before its first hour was
-- counted. Index: rollout_figures_pkey; besides a short table.
SELECT batch_id, from_percent, to_percent, began_at,
    greatest(0, floor(extract(epoch FROM now() - began_at - interval '1 minute') / 3600))::integer AS hours,
    began_at > now() - interval '29 days' AS is_remembered,
    last.hours AS counted_hours, accounts, recovered, asked, unreachable, abandoned
FROM rollout_batches
LEFT JOIN LATERAL (
    SELECT hours, accounts, recovered, asked, unreachable, abandoned
    FROM rollout_figures
    WHERE rollout_figures.batch_id = rollout_batches.batch_id
    ORDER BY hours DESC
    LIMIT 1
) AS last ON true
ORDER BY from_percent DESC
LIMIT 2
