-- Forgets accounts whose address nobody confirmed, once their challenges are forgotten: a challenge for a free address
-- must not vanish earlier than one for an address that is taken.
-- Deletes 0 or more rows. Index: accounts_unconfirmed.
DELETE FROM accounts
WHERE email_verified_at IS NULL AND created_at < now() - interval '2 days'
    AND NOT EXISTS (
        SELECT 1 FROM challenges WHERE challenges.account_id = accounts.account_id)
