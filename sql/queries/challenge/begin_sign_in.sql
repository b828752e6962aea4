-- Begins a sign-in that needs a code, in one call (sql/migrations/0027_begin_sign_ins_in_one_call.sql says what each is).
-- $1 text: subject, or NULL; $2 uuid and $3 text: account and the hash that its password was checked against, or NULL; $4 boolean: it would
-- get a mailbox if it has none; $5 text: new locale or NULL; $6 bigint: sign-ins that may wait; $7 uuid: challenge; $8 bytea: hash of its
-- token; $9 text: key id; $10 bytea: salt; $11 smallint: digits; $12 double precision: seconds until the first resend; $13 double
-- precision: its life in seconds; $14 uuid: installation; $15 jsonb: requester; $16 text: IP address; $17 text: location or NULL;
-- $18 uuid: activity entry; $19 uuid: notice of a sign-in that is not finished; $20 and $21 double precision: its wait and its pause
-- in seconds; $22 text: audience or NULL; $23 boolean: its end is told by a webhook; $24 uuid: node; $25 double precision: its lease;
-- $26 uuid and $27 bytea: API key and hash of the idempotency key, or NULL.
-- Returns 1 row, or none, with nothing written, where it takes more to find out what is to be done. Index: accounts_subject_key,
-- accounts_pkey, code_budgets_pkey, idempotent_requests_pkey, challenges_one_open_per_install, devices_pkey, notices_by_kind.
SELECT account, mailbox AS email, mailbox_changed, began_at, delivery_ids, device_ids, are_notifications_allowed, have_push_address,
    are_push_addresses_expired, closed_ids, closed_outcomes,
    EXISTS (SELECT FROM authenticators WHERE authenticators.account_id = account AND is_confirmed) AS has_authenticator
FROM begin_sign_in($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::text::inet, $17, $18, $19, $20, $21, $22, $23,
    $24, $25, $26, $27)
