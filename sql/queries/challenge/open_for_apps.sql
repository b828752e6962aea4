-- The open challenges of accounts that their trusted devices show, and may deny, however the code travels; of each account oldest
-- first.
-- $1 uuid[]: accounts.
-- Returns up to 3 rows for each, with its place among the accounts from 1. Index: challenges_one_open_per_install.
SELECT asked.place, account_id, challenge_id, purpose, generation, key_id, code_salt, digits, created_at, expires_at,
    requester, host(ip) AS ip, location, activity_id, address_taken
FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (account_id, place)
JOIN challenges USING (account_id)
WHERE purpose IN ('sign_in', 'disable_two_step') AND outcome IS NULL AND expires_at > now()
ORDER BY created_at, challenge_id
