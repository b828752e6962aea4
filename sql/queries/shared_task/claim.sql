-- Claims a task that one node does for all, if it is due and no other node is at it.
-- $1 text: task; $2 double precision: seconds from its end to the next time; $3 double precision: seconds that the node may take.
-- Returns 1 row when it is this node's to do now, else none. Index: shared_tasks_pkey.
UPDATE shared_tasks SET claimed_until = now() + make_interval(secs => $3)
WHERE task = $1 AND claimed_until <= now() AND (done_at IS NULL OR done_at <= now() - make_interval(secs => $2))
RETURNING task
