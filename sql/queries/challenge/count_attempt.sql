-- Counts one attempt before anything is compared, of the challenge and of the account's guess budget; parallel guesses can
-- pass neither limit, because the account is locked first.
-- $1 uuid: account; $2 uuid: challenge; $3 smallint: attempts a challenge takes; $4 text: budget; $5 integer: comparisons that
-- a new budget allows; $6 integer: failures from which on each is followed by a wait; $7 double precision: the first wait in
-- seconds, doubled by each further failure; $8 double precision: the longest wait in seconds.
-- Returns the challenge with the attempt counted and the budget, or no row when the challenge is closed, expired or used up,
-- or the budget is spent or waits. Index: accounts_pkey, challenges_pkey, code_budgets_pkey.
WITH account AS MATERIALIZED (
    SELECT account_id FROM accounts WHERE account_id = $1 FOR UPDATE
), guessed AS MATERIALIZED (
    SELECT challenges.account_id FROM challenges JOIN account USING (account_id)
    WHERE challenge_id = $2 AND outcome IS NULL AND attempts < $3 AND expires_at > now()
    FOR UPDATE OF challenges
), charged AS (
    INSERT INTO code_budgets AS budget (account_id, kind, failures, allowed)
    SELECT account_id, $4, 1, $5::integer FROM guessed
    ON CONFLICT (account_id, kind) DO UPDATE SET failures = budget.failures + 1,
        wait_until = CASE WHEN budget.failures + 1 >= $6::integer
            THEN now() + make_interval(secs => least($7::double precision * 2 ^ (budget.failures + 1 - $6), $8::double precision)) END
    WHERE budget.failures < budget.allowed AND (budget.wait_until IS NULL OR budget.wait_until <= now())
    RETURNING account_id, failures, allowed
)
UPDATE challenges SET attempts = attempts + 1
FROM charged
WHERE challenges.account_id = charged.account_id AND challenge_id = $2
RETURNING method, generation, key_id, attempts, resends, resend_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, now() AS now,
    charged.failures, charged.allowed
