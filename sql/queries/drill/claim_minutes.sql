-- Takes the minutes that went by since devices were last asked, an hour at most: another node takes those that follow.
-- Returns 1 row, first_minute and last_minute counted from 1970; none when this minute was taken already. A table of one row.
WITH before AS (
    SELECT last_minute FROM drill_clock FOR UPDATE
), present AS (
    SELECT floor(extract(epoch FROM now()) / 60)::bigint AS minute
)
UPDATE drill_clock SET last_minute = present.minute
FROM before, present
WHERE before.last_minute < present.minute
RETURNING greatest(before.last_minute, present.minute - 60) + 1 AS first_minute, present.minute AS last_minute
