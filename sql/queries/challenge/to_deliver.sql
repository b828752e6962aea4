-- What is needed to put the current codes of challenges in front of somebody.
-- $1 uuid[]: accounts; $2 uuid[]: challenges.
-- Returns a row for each that is open, with its place among them from 1. Index: challenges_pkey, accounts_pkey.
SELECT asked.place, account_id, challenge_id, purpose, generation, key_id, code_salt, digits, challenges.created_at,
    expires_at, requester, host(ip) AS ip, location, activity_id, address_taken, coalesce(pending.email, accounts.email, accounts.contact_email) AS email,
    accounts.locale, accounts.time_zone
FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (account_id, challenge_id, place)
JOIN challenges USING (account_id, challenge_id)
JOIN accounts USING (account_id)
LEFT JOIN pending_addresses pending USING (account_id, challenge_id)
WHERE outcome IS NULL AND expires_at > now()
