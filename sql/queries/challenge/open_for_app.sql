-- The open challenges of an account whose code belongs on its trusted devices, oldest first.
-- $1 uuid: account.
-- Returns up to 3 rows. Index: challenges_one_open_per_install.
SELECT account_id, challenge_id, purpose, generation, key_id, code_salt, digits, created_at, expires_at, requester,
    host(ip) AS ip, location, activity_id, address_taken
FROM challenges
WHERE account_id = $1 AND method = 'app' AND outcome IS NULL AND expires_at > now()
ORDER BY created_at, challenge_id
