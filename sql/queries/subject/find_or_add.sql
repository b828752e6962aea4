-- The account of a subject, which is made if it is new. The mailbox of one that is there stays; a language that is given replaces
-- the one that was there.
-- $1 uuid: account if it is new; $2 text: subject; $3 text: mail address or NULL; $4 text: locale or NULL.
-- Returns 1 row. Index: accounts_subject_key.
INSERT INTO accounts (account_id, subject, contact_email, locale, email_verified_at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (subject) DO UPDATE SET locale = coalesce(EXCLUDED.locale, accounts.locale)
RETURNING account_id, contact_email AS email
