-- The mailboxes that may not be in their one form: with characters beyond ASCII, or a dot at the end.
-- Returns account_id, email and contact_email of each; either may be NULL.
SELECT account_id, email, contact_email FROM accounts
WHERE email ~ '[^ -~]|\.$' OR contact_email ~ '[^ -~]|\.$'
ORDER BY account_id
