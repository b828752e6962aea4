-- Makes an address free that somebody reserved and nobody confirmed.
-- $1 text: address; $2 uuid: the account that wants it.
-- Deletes 0 or 1 row. Index: accounts_email_key.
DELETE FROM accounts WHERE email = $1 AND email_verified_at IS NULL AND account_id <> $2
