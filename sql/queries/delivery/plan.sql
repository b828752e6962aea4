-- Writes the deliveries of a challenge's code, in the transaction that makes the code
-- (sql/migrations/0026_settle_challenges_in_one_call.sql).
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 text: method; $5 uuid: the node that works them;
-- $6 double precision: its lease in seconds.
-- Returns 1 row: the deliveries, up to 10 (arrays), and the mailbox. Index: devices_pkey.
SELECT delivery_ids, device_ids, are_notifications_allowed, have_push_address, are_push_addresses_expired, email, locale, time_zone
FROM plan_deliveries($1, $2, $3, $4, $5, $6)
