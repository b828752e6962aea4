-- Writes what the right code of a challenge brought, so that the same call can be answered again.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: session or NULL; $4 text: key that its tokens are derived with.
-- Changes 1 row. Index: challenges_pkey.
UPDATE challenges SET granted_session_id = $3, granted_key = $4 WHERE account_id = $1 AND challenge_id = $2
