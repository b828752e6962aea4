-- Writes down what a device says about a code that was pushed to it. It may say so before the push was recorded as taken by its
-- provider. "Shown" is never undone.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid: delivery; $4 text: shown or not_shown.
-- Changes 1 row, or none when it was known, or the code has another since. Index: deliveries_pkey, challenges_by_id.
UPDATE deliveries SET
    state = $4,
    reason = NULL,
    due_at = NULL,
    accepted_at = coalesce(accepted_at, now()),
    receipt_at = coalesce(receipt_at, now())
WHERE account_id = $1 AND challenge_id = $2 AND delivery_id = $3 AND state NOT IN ('shown', $4)
    AND EXISTS (
        SELECT FROM challenges
        WHERE challenges.account_id = $1 AND challenges.challenge_id = $2 AND challenges.generation = deliveries.generation
            AND challenges.outcome IS NULL AND challenges.expires_at > now())
