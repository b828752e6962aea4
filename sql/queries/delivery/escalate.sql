-- Goes on from the socket to push, for devices that a provider can reach and that did not say they show the code. A code
-- that rings on one device rings on all, and is counted once; after so many that nobody answered, pushes are silent.
-- One statement, so that a crash leaves either step due. The account is locked first, as everywhere.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid[]: devices; $5 uuid: node;
-- $6 double precision: its lease in seconds; $7 smallint: codes that may ring without an answer.
-- Returns the new deliveries with their addresses; a row of NULLs when there are none although the code is current. Index: accounts_pkey, challenges_pkey, deliveries_pkey, devices_pkey.
WITH account AS MATERIALIZED (
    SELECT account_id, unanswered_alerts FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE
), code AS MATERIALIZED (
    SELECT account.account_id, account.unanswered_alerts, EXISTS (
        SELECT 1 FROM deliveries rung
        WHERE rung.account_id = $1 AND rung.challenge_id = $2 AND rung.generation = $3
            AND is_push(rung.channel) AND NOT rung.silent) AS rang
    FROM challenges
    JOIN account USING (account_id)
    WHERE challenges.challenge_id = $2 AND challenges.outcome IS NULL AND challenges.expires_at > now()
        AND challenges.generation = $3
    FOR SHARE OF challenges
), pushed AS (
    INSERT INTO deliveries (
        account_id, challenge_id, delivery_id, generation, device_id, channel, silent, due_at, claimed_by, lease_until,
        tries)
    SELECT devices.account_id, $2, gen_random_uuid(), $3, devices.device_id,
        CASE devices.push_kind WHEN 'apns_token' THEN 'apns' WHEN 'web_push' THEN 'webpush' ELSE 'fcm' END,
        NOT code.rang AND code.unanswered_alerts >= $7, now(), $5, now() + make_interval(secs => $6), 1
    FROM devices
    JOIN code USING (account_id)
    WHERE devices.device_id = ANY ($4) AND is_trusted(devices.trusted_at, devices.last_seen_at)
        AND devices.notifications_allowed AND devices.push_address IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 FROM deliveries shown
            WHERE shown.account_id = $1 AND shown.challenge_id = $2 AND shown.generation = $3
                AND shown.device_id = devices.device_id AND shown.state = 'shown')
    ON CONFLICT DO NOTHING
    RETURNING account_id, delivery_id, device_id, channel, silent
), gone_on AS (
    UPDATE deliveries SET due_at = NULL, state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END
    WHERE account_id = $1 AND challenge_id = $2 AND generation = $3 AND channel = 'websocket'
        AND device_id IN (SELECT device_id FROM pushed)
), counted AS (
    UPDATE accounts SET unanswered_alerts = accounts.unanswered_alerts + 1
    FROM code
    WHERE accounts.account_id = code.account_id AND NOT code.rang AND EXISTS (SELECT 1 FROM pushed WHERE NOT silent)
)
SELECT pushed.delivery_id, pushed.device_id, pushed.channel, pushed.silent,
    devices.push_kind, devices.push_address, devices.push_environment, devices.push_keys, devices.locale
FROM code
LEFT JOIN pushed USING (account_id)
LEFT JOIN devices ON devices.account_id = pushed.account_id AND devices.device_id = pushed.device_id
