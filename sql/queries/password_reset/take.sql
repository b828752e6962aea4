-- Uses a link for a new password up, and with it every other of the account.
-- $1 uuid: account; $2 uuid: reset.
-- Returns 1 row, or none when it was used or is over. Index: password_resets_pkey.
WITH taken AS (
    UPDATE password_resets SET used_at = now()
    WHERE account_id = $1 AND reset_id = $2 AND used_at IS NULL AND expires_at > now()
    RETURNING account_id, reset_id
), others AS (
    UPDATE password_resets SET expires_at = now()
    FROM taken
    WHERE password_resets.account_id = taken.account_id AND password_resets.reset_id <> taken.reset_id
        AND password_resets.used_at IS NULL
)
SELECT reset_id FROM taken
