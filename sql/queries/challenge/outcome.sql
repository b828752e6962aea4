-- How a challenge ended, or that its time is over although nobody wrote so yet.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns 0 or 1 row; outcome is NULL while it is open. Index: challenges_pkey.
SELECT coalesce(outcome, CASE WHEN expires_at <= now() THEN 'expired' END) AS outcome FROM challenges
WHERE account_id = $1 AND challenge_id = $2
