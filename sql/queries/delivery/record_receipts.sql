-- Writes down what devices say about codes that they got over their connections, for those that can be written at once
-- (sql/migrations/0029_plan_batches_once.sql).
-- $1 uuid[]: accounts; $2 uuid[]: challenges; $3 integer[]: generations; $4 uuid[]: devices, none of which is twice there with
-- the same code; $5 text[]: shown or not_shown.
-- Returns a row for each that is written or was known, with its place among them from 1. Index: the unique one of deliveries.
SELECT place, is_news FROM record_receipts($1, $2, $3, $4, $5)
