-- Starts a challenge with all that begins with it (sql/migrations/0027_begin_sign_ins_in_one_call.sql says what each is).
-- $1 uuid: account; $2 uuid: challenge; $3 bytea: hash of its token; $4 text: purpose; $5 text: method; $6 text: key id; $7 bytea:
-- salt of its codes, 16 bytes; $8 smallint: digits; $9 double precision: seconds until the first resend; $10 double precision: its life
-- in seconds; $11 uuid: installation; $12 jsonb: requester; $13 text: IP address; $14 text: location or NULL; $15 uuid: session
-- or NULL; $16 text: password hash or NULL; $17 boolean: address taken; $18 text: network that asks for an address to be confirmed,
-- or NULL; $19 uuid, $20 text, $21 uuid and $22 uuid: activity entry, its kind, and the device and session that act, or NULL; $23 uuid:
-- notice of a sign-in that is not finished, or NULL; $24 double precision: seconds until that is due; $25 double precision: seconds after
-- one was sent in which there is none; $26 text: audience of an app's server, or NULL; $27 boolean: its end is told by a webhook;
-- $28 uuid: the node that works the deliveries; $29 double precision: its lease in seconds.
-- Returns 1 row: the deliveries (arrays), the mailbox, and what of the same installation was closed (arrays).
SELECT delivery_ids, device_ids, are_notifications_allowed, have_push_address, are_push_addresses_expired, email, locale, time_zone,
    closed_ids, closed_outcomes
FROM start_challenge($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::inet, $14, $15, $16, $17, $18::text::inet, $19, $20,
    $21, $22, $23, $24, $25, $26, $27, $28, $29)
