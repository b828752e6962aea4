-- Changes the mailbox of a subject.
-- $1 uuid: account; $2 text: mail address.
-- Changes 1 row. Index: accounts_pkey.
UPDATE accounts SET contact_email = $2, mailbox_changed_at = now() WHERE account_id = $1
