-- Three durable commits, each of one row by its key: the least that a whole sign-in costs which is begun, shown and verified. It does not
-- change with the gateway, so the ratio to it compares versions and machines. scripts/bench-statements runs it (-M prepared).
\set row_1 random(0, 1023)
\set row_2 random(1024, 2047)
\set row_3 random(2048, 3071)
UPDATE reference SET count = count + 1 WHERE row_id = :row_1;
UPDATE reference SET count = count + 1 WHERE row_id = :row_2;
UPDATE reference SET count = count + 1 WHERE row_id = :row_3;
