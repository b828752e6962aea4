-- A challenge that an app's server began.
-- $1 uuid: challenge.
-- Returns 0 or 1 row. Index: challenges_by_id, verifications_pkey, accounts_pkey.
SELECT account_id, challenge_id, audience, accounts.subject, outcome, method, install_id, challenges.created_at, expires_at,
    closed_at, now() AS now,
    (SELECT device_id FROM devices WHERE devices.account_id = challenges.account_id
        AND devices.install_id = challenges.install_id) AS device_id
FROM challenges
JOIN verifications USING (account_id, challenge_id)
JOIN accounts USING (account_id)
WHERE challenge_id = $1 AND accounts.subject IS NOT NULL
