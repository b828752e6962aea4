-- Notes that an app's server began a challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 text: audience; $4 boolean: its end is told by a webhook.
-- Inserts 1 row. Index: verifications_pkey.
INSERT INTO verifications (account_id, challenge_id, audience, webhook_due_at)
VALUES ($1, $2, $3, CASE WHEN $4 THEN timestamptz 'infinity' END)
