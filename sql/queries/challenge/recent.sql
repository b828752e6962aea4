-- The challenges of an account within a day, newest first.
-- $1 uuid: account; $2 bigint: how many at most.
-- Returns challenge_id of each. Index: challenges_pkey (ids of one account, in the order of their making).
SELECT challenge_id FROM challenges
WHERE account_id = $1 AND created_at > now() - interval '24 hours'
ORDER BY challenge_id DESC
LIMIT $2
