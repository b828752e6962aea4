-- Gives an account another address, unless that is another account's.
-- $1 uuid: account; $2 text: address.
-- Changes 0 or 1 row. Index: accounts_pkey, accounts_email_key.
UPDATE accounts SET email = $2, mailbox_changed_at = now()
WHERE account_id = $1 AND email IS NOT NULL
    AND NOT EXISTS (SELECT FROM accounts other WHERE other.email = $2 AND other.account_id <> $1)
