-- Writes the mailboxes of an account in another form.
-- $1 uuid: account; $2 text: its address or NULL; $3 text: the mailbox of a subject, or NULL.
-- Changes 0 or 1 row. Index: accounts_pkey.
UPDATE accounts SET email = $2, contact_email = $3 WHERE account_id = $1
