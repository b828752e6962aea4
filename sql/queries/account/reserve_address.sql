-- Finds or makes the account of an address, and locks it. An address that nobody confirmed yet is free.
-- $1 uuid: account id to use if there is none; $2 text: the address in lower case.
-- Returns 1 row. Index: accounts_email_key.
INSERT INTO accounts (account_id, email) VALUES ($1, $2)
ON CONFLICT (email) DO UPDATE SET email = EXCLUDED.email
RETURNING account_id, email_verified_at IS NOT NULL AS taken, now() AS now
