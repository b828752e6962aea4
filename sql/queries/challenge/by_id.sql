-- A challenge with the clock of the database.
-- $1 uuid: challenge.
-- Returns 0 or 1 row. Index: challenges_by_id.
SELECT account_id, challenge_id, token_hash, purpose, method, key_id, code_salt, digits, generation, attempts,
    resends, resend_at, created_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, install_id, requester, host(ip) AS ip, location, session_id,
    password_hash, address_taken, activity_id, now() AS now,
    CASE purpose
        WHEN 'change_email' THEN
            (SELECT email FROM pending_addresses pending
             WHERE pending.account_id = challenges.account_id AND pending.challenge_id = challenges.challenge_id)
        ELSE (SELECT coalesce(email, contact_email) FROM accounts WHERE accounts.account_id = challenges.account_id)
    END AS email,
    (SELECT mailbox_changed_at FROM accounts WHERE accounts.account_id = challenges.account_id) AS mailbox_changed_at,
    EXISTS (SELECT FROM authenticators WHERE authenticators.account_id = challenges.account_id AND is_confirmed) AS has_authenticator,
    EXISTS (SELECT FROM verifications WHERE verifications.account_id = challenges.account_id
        AND verifications.challenge_id = challenges.challenge_id) AS is_for_app
FROM challenges
WHERE challenge_id = $1
