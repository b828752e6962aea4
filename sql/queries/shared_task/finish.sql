-- Says that a task was done.
-- $1 text: task.
-- Changes 1 row. Index: shared_tasks_pkey.
UPDATE shared_tasks SET claimed_until = now(), done_at = now() WHERE task = $1
