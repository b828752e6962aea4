-- Writes what a provider answered to a drill.
-- $1 uuid: drill; $2 text: its answer in one word.
-- Changes 0 or 1 row. Index: reach_drills_by_id.
UPDATE reach_drills SET outcome = $2 WHERE drill_id = $1
