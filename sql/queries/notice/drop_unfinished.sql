-- Takes back the notice that waits for an installation's sign-in.
-- $1 uuid: account; $2 text: kind; $3 uuid: installation.
-- Deletes 0 or 1 row. Index: notices_by_kind.
DELETE FROM notices WHERE account_id = $1 AND kind = $2 AND install_id = $3 AND sent_at IS NULL
