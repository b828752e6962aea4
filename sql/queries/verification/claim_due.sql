-- Claims ends of challenges that apps' servers are to be told.
-- $1 bigint: how many; $2 double precision: seconds until another node may take over.
-- Returns a row for each. Index: verifications_due, challenges_pkey, accounts_pkey.
UPDATE verifications SET webhook_due_at = now() + make_interval(secs => $2), webhook_tries = webhook_tries + 1
FROM challenges, accounts
WHERE challenges.account_id = verifications.account_id AND challenges.challenge_id = verifications.challenge_id
    AND accounts.account_id = verifications.account_id
    AND (verifications.account_id, verifications.challenge_id) IN (
        SELECT account_id, challenge_id FROM verifications
        WHERE webhook_due_at <= now()
        ORDER BY webhook_due_at
        LIMIT $1
        FOR UPDATE SKIP LOCKED)
RETURNING verifications.account_id, verifications.challenge_id, audience, webhook_tries, subject, outcome, method, install_id,
    challenges.created_at, expires_at, closed_at, now() AS now,
    (SELECT device_id FROM devices WHERE devices.account_id = challenges.account_id
        AND devices.install_id = challenges.install_id) AS device_id
