-- Closes a challenge; the first to do so wins. Whoever answers it ends the count of alerts that nobody answered.
-- $1 uuid: account; $2 uuid: challenge; $3 text: outcome; $4 integer: the generation whose code was right, or NULL
-- when the outcome does not depend on a code; $5 boolean: the outcome is an answer, and the account is locked.
-- Returns activity_id and created_at, or no row when it was closed, expired or has a newer code. Index: challenges_pkey, accounts_pkey.
WITH closed AS (
    UPDATE challenges SET outcome = $3, closed_at = now(), password_hash = NULL
    WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now()
        AND ($4::integer IS NULL OR generation = $4)
    RETURNING account_id, activity_id, created_at
), answered AS (
    UPDATE accounts SET unanswered_alerts = 0
    FROM closed
    WHERE accounts.account_id = closed.account_id AND unanswered_alerts > 0 AND $5::boolean
)
SELECT activity_id, created_at FROM closed
