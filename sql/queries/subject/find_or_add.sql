-- The account of a subject, which is made if it is new. What is given of mail and language replaces what was there.
-- $1 uuid: account if it is new; $2 text: subject; $3 text: mail address or NULL; $4 text: locale or NULL.
-- Returns 1 row. Index: accounts_subject_key.
INSERT INTO accounts (account_id, subject, contact_email, locale, email_verified_at) VALUES ($1, $2, $3, $4, now())
ON CONFLICT (subject) DO UPDATE SET
    contact_email = coalesce(EXCLUDED.contact_email, accounts.contact_email),
    locale = coalesce(EXCLUDED.locale, accounts.locale)
RETURNING account_id, contact_email AS email
