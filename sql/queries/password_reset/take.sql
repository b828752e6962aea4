-- Uses a link for a new password up.
-- $1 uuid: account; $2 uuid: reset.
-- Changes 1 row, or none when it was used or is over. Index: password_resets_pkey.
UPDATE password_resets SET used_at = now()
WHERE account_id = $1 AND reset_id = $2 AND used_at IS NULL AND expires_at > now()
