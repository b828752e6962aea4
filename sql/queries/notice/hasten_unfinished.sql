-- Makes the notice that waits for an installation's sign-in due now.
-- $1 uuid: account; $2 text: kind; $3 uuid: installation.
-- Changes 0 or 1 row. Index: notices_by_kind.
UPDATE notices SET due_at = now()
WHERE account_id = $1 AND kind = $2 AND install_id = $3 AND sent_at IS NULL AND tries = 0
