-- Confirms an address, with the password that was chosen by whoever confirmed it; the first to do so wins.
-- $1 uuid: account; $2 text: password hash; $3 text: locale of the device that did so, or NULL.
-- Changes 0 or 1 row. Index: accounts_pkey.
UPDATE accounts SET email_verified_at = now(), password_hash = $2, locale = $3
WHERE account_id = $1 AND email_verified_at IS NULL
