-- The open challenges whose code a device may have seen, locked for the transaction.
-- $1 uuid: account; $2 uuid: device.
-- Returns method, generation and times of each. Index: challenges_one_open_per_install.
SELECT challenge_id, purpose, method, generation, attempts, resends, resend_at, expires_at, outcome, now() AS now
FROM challenges
WHERE account_id = $1 AND method = 'app' AND outcome IS NULL AND expires_at > now()
    AND EXISTS (
        SELECT 1 FROM deliveries
        WHERE deliveries.account_id = challenges.account_id AND deliveries.challenge_id = challenges.challenge_id
            AND deliveries.device_id = $2)
FOR UPDATE
