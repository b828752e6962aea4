-- Starts a challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 bytea: hash of its token; $4 text: purpose; $5 text: method;
-- $6 text: key id; $7 smallint: digits; $8 timestamptz: resend_at; $9 timestamptz: created_at;
-- $10 timestamptz: expires_at; $11 uuid: installation; $12 jsonb: requester; $13 text: IP address;
-- $14 text: location or NULL; $15 uuid: session or NULL; $16 text: password hash or NULL;
-- $17 boolean: address taken; $18 uuid: activity entry or NULL; $19 bytea: salt of its codes, 16 bytes;
-- $20 text: network that asks for an address to be confirmed, or NULL.
-- Inserts 1 row. Index: challenges_one_open_per_install.
INSERT INTO challenges (
    account_id, challenge_id, token_hash, purpose, method, key_id, digits, resend_at, created_at, expires_at,
    install_id, requester, ip, location, session_id, password_hash, address_taken, activity_id, code_salt, asker)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::inet, $14, $15, $16, $17, $18, $19, $20::text::inet)
