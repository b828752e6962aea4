-- Counts accounts of a batch by what became of them in its first hours: those among the next so many accounts that turned two-step
-- verification on since it began. Each counts once, by its last sign-in that asked for a code and came to an end by itself; one
-- that an app's server wanted by email from the start does not count. src/domain/account/rollout/hold.rs says what is made of it.
-- $1 uuid: batch; $2 integer: its first so many hours; $3 timestamptz and $4 uuid: the last account so far, or NULL; $5 bigint: how
-- many accounts to look at.
-- Returns 1 row: seen, accounts looked at, fewer than $5 when there are no more; last_enabled_at and last_account, where to go on;
-- the figures. Index: accounts_two_step, rollout_accounts_pkey, challenges_pkey, deliveries_pkey, login_activity_ways_back.
WITH batch AS (
    SELECT from_percent, to_percent, began_at, began_at + make_interval(hours => $2) AS until, salt
    FROM rollout_batches, rollout
    WHERE batch_id = $1
), looked_at AS MATERIALIZED (
    SELECT account_id, two_step_enabled_at
    FROM accounts, batch
    WHERE two_step_enabled_at >= began_at AND two_step_enabled_at < until
        AND (two_step_enabled_at, account_id)
            > (coalesce($3, '-infinity'::timestamptz), coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid))
    ORDER BY two_step_enabled_at, account_id
    LIMIT $5
), members AS MATERIALIZED (
    SELECT account_id, began_at, until
    FROM looked_at, batch
    WHERE rollout_place(salt, account_id) >= from_percent AND rollout_place(salt, account_id) < to_percent
        AND NOT EXISTS (SELECT FROM rollout_accounts WHERE rollout_accounts.account_id = looked_at.account_id)
), counted AS MATERIALIZED (
    SELECT last.outcome,
        NOT EXISTS (
            SELECT FROM deliveries
            WHERE deliveries.account_id = members.account_id AND deliveries.challenge_id = last.challenge_id
                AND device_id IS NOT NULL AND (accepted_at IS NOT NULL OR receipt_at IS NOT NULL)) AS is_unreachable,
        EXISTS (
            SELECT FROM login_activity
            WHERE login_activity.account_id = members.account_id
                AND kind IN ('recovery_code_used', 'password_reset', 'recovery_asked', 'recovery_used')
                AND at >= began_at AND at < until) AS has_recovered
    FROM members
    LEFT JOIN LATERAL (
        SELECT challenge_id, outcome
        FROM challenges
        WHERE challenges.account_id = members.account_id AND purpose = 'sign_in'
            AND created_at >= began_at AND closed_at < until
            AND (outcome IN ('verified', 'expired', 'attempts_exhausted')
                OR outcome = 'superseded' AND superseded_by = 'cancelled')
            AND (method = 'app' OR method_changes > 0)
        ORDER BY challenge_id DESC
        LIMIT 1
    ) AS last ON true
)
SELECT (SELECT count(*) FROM looked_at) AS seen,
    (SELECT two_step_enabled_at FROM looked_at ORDER BY two_step_enabled_at DESC, account_id DESC LIMIT 1) AS last_enabled_at,
    (SELECT account_id FROM looked_at ORDER BY two_step_enabled_at DESC, account_id DESC LIMIT 1) AS last_account,
    count(*) AS accounts,
    count(*) FILTER (WHERE has_recovered) AS recovered,
    count(outcome) AS asked,
    count(outcome) FILTER (WHERE is_unreachable) AS unreachable,
    count(outcome) FILTER (WHERE outcome <> 'verified') AS abandoned
FROM counted
