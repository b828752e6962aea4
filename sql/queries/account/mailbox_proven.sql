-- When somebody last showed that they read the mailbox of an account: it was confirmed, or a code that went there was right. An app's word
-- for a mailbox proves nothing.
-- $1 uuid: account.
-- Returns 1 row, NULL when nobody did. Index: accounts_pkey, login_activity_pkey.
SELECT greatest(
    CASE WHEN subject IS NULL THEN email_verified_at END,
    CASE WHEN subject IS NULL THEN mailbox_changed_at END,
    (SELECT max(at) FROM login_activity
     WHERE login_activity.account_id = $1 AND method = 'email' AND outcome = 'succeeded')
) AS proven_at
FROM accounts
WHERE account_id = $1
