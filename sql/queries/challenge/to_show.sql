-- What is needed to show a challenge's current code on connected devices.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns 1 row while the challenge is open, else none. Index: challenges_pkey.
SELECT account_id, challenge_id, purpose, method, generation, key_id, code_salt, digits, created_at, expires_at,
    requester, host(ip) AS ip, location, activity_id, address_taken
FROM challenges
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now()
