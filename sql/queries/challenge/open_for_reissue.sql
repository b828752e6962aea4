-- The open challenges whose code goes one way, locked for the transaction. One that just connected has seen a code for trusted
-- devices before any delivery says so.
-- $1 uuid: account; $2 text: method.
-- Returns the code of each, with method and times. Index: challenges_one_open_per_install.
SELECT account_id, challenge_id, purpose, method, generation, key_id, code_salt, digits, created_at, requester, host(ip) AS ip,
    location, activity_id, address_taken, attempts, resends, resend_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, now() AS now
FROM challenges
WHERE account_id = $1 AND method = $2 AND outcome IS NULL AND expires_at > now()
FOR UPDATE
