-- A wish for a new password, whose link somebody shows.
-- $1 uuid: reset; $2 double precision: seconds for which the same request again is answered alike.
-- Returns 1 row, or none when it is over for longer. Index: password_resets_by_id, accounts_pkey.
SELECT account_id, accounts.email, accounts.password_hash, used_at IS NOT NULL AS is_used
FROM password_resets
JOIN accounts USING (account_id)
WHERE reset_id = $1 AND accounts.email IS NOT NULL AND accounts.password_hash IS NOT NULL
    AND CASE WHEN used_at IS NULL THEN expires_at > now() ELSE used_at > now() - make_interval(secs => $2) END
