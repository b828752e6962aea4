-- The challenge is over: if an app's server began it and wants to be told, it is told now.
-- $1 uuid: account; $2 uuid: challenge.
-- Changes 0 or 1 row. Index: verifications_pkey.
UPDATE verifications SET webhook_due_at = now()
WHERE account_id = $1 AND challenge_id = $2 AND webhook_due_at = 'infinity'
