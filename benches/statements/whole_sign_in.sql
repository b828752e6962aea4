-- What a whole sign-in of a new device makes the database do, for pgbench: the statements of the gateway, each by the name of its
-- file under sql/queries, in the gateway's transactions, without the password's hash. A test compares each with its file, so a query
-- that changed or went away is noticed. scripts/bench-statements runs it (-M prepared).
--
-- Two trusted devices are connected; both say that they show the code. The device is not trusted afterwards, as in
-- `twostep-loadtest signin`. Three things differ from the gateway, because pgbench cannot do otherwise: ids and hashes come from
-- numbers, BEGIN is a round trip of its own (the gateway sends it with the first statement), and what the gateway asks for many
-- sign-ins at once is asked for each. One client claims notices for all, as one task of the gateway does.
--
-- Variables: run (number of the run), n (0 at first).
\set n :n + 1
\set id (:run * 100 + :client_id) * 100000000 + :n
\set notice :id + 50000000
\set account :client_id + 64 * random(0, 15)
\set device_1 :account * 10 + 1
\set device_2 :account * 10 + 2
\set device_3 :account * 10 + 3

-- The password is checked.
-- account/by_email.sql
SELECT found.account_id IS NOT NULL AS is_known, coalesce(found.account_id, '00000000-0000-7000-8000-000000000002'::uuid) AS account_id,
    coalesce(found.password_hash, 'none') AS password_hash,
    (SELECT devices.device_id
     FROM trust_tokens token
     JOIN devices USING (account_id, device_id)
     LEFT JOIN trust_tokens successor
         ON successor.account_id = token.account_id AND successor.token_hash = token.successor_hash
     LEFT JOIN sessions begun ON begun.account_id = token.account_id AND begun.session_id = token.session_id
     WHERE token.account_id = coalesce(found.account_id, '00000000-0000-7000-8000-000000000002'::uuid) AND token.token_hash = NULL::bytea
         AND (token.replaced_at IS NULL OR (successor.token_hash IS NOT NULL
             AND coalesce(least(successor.used_at, begun.first_used_at) > now() - make_interval(secs => 30), true)))
         AND devices.install_id = NULL::uuid AND is_trusted(devices.trusted_at, devices.last_seen_at)) AS trusted_device
FROM (SELECT 1) AS always
LEFT JOIN accounts AS found ON found.email = 'statements-' || :account || '@example.com' AND found.email_verified_at IS NOT NULL \gset

-- POST /v1/sign-in.
BEGIN;
-- account/lock.sql
SELECT two_step_enabled_at IS NOT NULL AS two_step_enabled, password_hash, sign_ins_frozen_at, mailbox_changed_at,
    now() AS now
FROM accounts
WHERE account_id = :account_id::uuid
FOR UPDATE \gset
-- budget/get.sql
SELECT failures, allowed, wait_until FROM code_budgets WHERE account_id = :account_id::uuid AND kind = 'account';
-- challenge/count_open.sql
SELECT count(*) AS open, min(expires_at) AS first_expires_at
FROM challenges
WHERE account_id = :account_id::uuid AND purpose = 'sign_in' AND outcome IS NULL AND expires_at > now()
    AND asker IS NOT DISTINCT FROM NULL::text::inet
    AND (lpad(:device_3::text, 32, '0')::uuid::uuid IS NULL OR install_id <> lpad(:device_3::text, 32, '0')::uuid);
-- challenge/supersede.sql
UPDATE challenges SET
    outcome = CASE WHEN expires_at > now() THEN 'superseded' ELSE 'expired' END,
    superseded_by = 'newer_request', closed_at = now(), password_hash = NULL
WHERE account_id = :account_id::uuid AND install_id = lpad(:device_3::text, 32, '0')::uuid AND purpose = 'sign_in' AND asker IS NOT DISTINCT FROM NULL::text::inet AND outcome IS NULL
RETURNING challenge_id, activity_id, outcome;
-- challenge/start.sql
INSERT INTO challenges (
    account_id, challenge_id, token_hash, purpose, method, key_id, digits, resend_at, created_at, expires_at,
    install_id, requester, ip, location, session_id, password_hash, address_taken, activity_id, code_salt, asker)
VALUES (:account_id::uuid, lpad(:id::text, 32, '0')::uuid, sha256(:id::text::bytea), 'sign_in', 'app', 'bench', 6, :now::timestamptz + interval '30 seconds', :now::timestamptz, :now::timestamptz + interval '5 minutes', lpad(:device_3::text, 32, '0')::uuid, '{"name": "Phone", "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0", "install_id": "00000000-0000-0000-0000-000000000003"}'::jsonb, '192.0.2.1'::text::inet, NULL, NULL, NULL, false, lpad(:id::text, 32, '0')::uuid, substr(sha256(:id::text::bytea), 1, 16), NULL::text::inet);
-- delivery/plan_app.sql
WITH planned AS (
    INSERT INTO deliveries (
        account_id, challenge_id, delivery_id, generation, device_id, channel, due_at, claimed_by, lease_until, tries)
    SELECT account_id, lpad(:id::text, 32, '0')::uuid, gen_random_uuid(), 1, device_id, 'websocket', now(), '00000000-0000-7000-8000-000000000001'::uuid, now() + make_interval(secs => 30), 1
    FROM devices
    WHERE account_id = :account_id::uuid AND is_trusted(trusted_at, last_seen_at)
    RETURNING account_id, delivery_id, device_id
)
SELECT planned.delivery_id, planned.device_id, devices.notifications_allowed,
    devices.push_address IS NOT NULL AS has_push_address, devices.push_expired_at IS NOT NULL AS push_address_expired
FROM planned
JOIN devices USING (account_id, device_id);
-- activity/record.sql
INSERT INTO login_activity (account_id, activity_id, at, kind, outcome, method, device, ip, location, challenge_id,
    shadow_reach, about, device_id, session_id)
VALUES (:account_id::uuid, lpad(:id::text, 32, '0')::uuid, now(), 'sign_in', 'code_required', 'app', '{"name": "Phone", "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0", "install_id": "00000000-0000-0000-0000-000000000003"}'::jsonb, '192.0.2.1'::text::inet, NULL, lpad(:id::text, 32, '0')::uuid, NULL, NULL, NULL, NULL);
-- notice/plan_unfinished.sql
INSERT INTO notices (account_id, notice_id, kind, requester, ip, location, install_id, due_at)
SELECT :account_id::uuid, lpad(:id::text, 32, '0')::uuid, 'sign_in_unfinished', '{"name": "Phone", "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0", "install_id": "00000000-0000-0000-0000-000000000003"}'::jsonb, '192.0.2.1'::text::inet, NULL, lpad(:device_3::text, 32, '0')::uuid, now() + make_interval(secs => 600)
WHERE NOT EXISTS (
    SELECT 1 FROM notices
    WHERE account_id = :account_id::uuid AND kind = 'sign_in_unfinished'
        AND (sent_at > now() - make_interval(secs => 86400) OR (sent_at IS NULL AND install_id = lpad(:device_3::text, 32, '0')::uuid)));
COMMIT;

-- The devices say that they show it.
-- delivery/record_receipts.sql
WITH free AS MATERIALIZED (
    SELECT said.place, said.state, delivery.account_id, delivery.challenge_id, delivery.delivery_id,
        delivery.state <> said.state AND delivery.state <> 'shown' AS is_news
    FROM unnest(array[:account_id, :account_id]::uuid[], array[lpad(:id::text, 32, '0'), lpad(:id::text, 32, '0')]::uuid[], array[1, 1]::integer[], array[lpad(:device_1::text, 32, '0'), lpad(:device_2::text, 32, '0')]::uuid[], array['shown', 'shown']::text[]) WITH ORDINALITY
        AS said (account_id, challenge_id, generation, device_id, state, place)
    JOIN deliveries delivery USING (account_id, challenge_id, generation, device_id)
    WHERE delivery.channel = 'websocket' AND NOT EXISTS (
        SELECT 1 FROM deliveries push
        WHERE push.account_id = said.account_id AND push.challenge_id = said.challenge_id
            AND push.generation = said.generation AND push.device_id = said.device_id
            AND push.channel IN ('fcm', 'apns') AND push.state = 'pending')
    FOR UPDATE OF delivery SKIP LOCKED
), written AS (
    UPDATE deliveries SET
        state = free.state,
        reason = NULL,
        accepted_at = coalesce(accepted_at, now()),
        receipt_at = coalesce(receipt_at, now()),
        due_at = CASE WHEN free.state = 'shown' THEN NULL ELSE due_at END
    FROM free
    WHERE deliveries.account_id = free.account_id AND deliveries.challenge_id = free.challenge_id
        AND deliveries.delivery_id = free.delivery_id AND free.is_news
)
SELECT place, is_news FROM free;

-- POST /v1/challenges/{id}/verify.
-- challenge/by_id.sql
SELECT account_id, challenge_id, token_hash, purpose, method, key_id, code_salt, digits, generation, attempts,
    resends, resend_at, created_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, install_id, requester, host(ip) AS ip, location, session_id,
    password_hash, address_taken, activity_id, now() AS now,
    (SELECT coalesce(email, contact_email) FROM accounts WHERE accounts.account_id = challenges.account_id) AS email,
    (SELECT mailbox_changed_at FROM accounts WHERE accounts.account_id = challenges.account_id) AS mailbox_changed_at,
    EXISTS (SELECT FROM verifications WHERE verifications.account_id = challenges.account_id
        AND verifications.challenge_id = challenges.challenge_id) AS is_for_app
FROM challenges
WHERE challenge_id = lpad(:id::text, 32, '0')::uuid;
-- challenge/count_attempt.sql
WITH account AS MATERIALIZED (
    SELECT account_id FROM accounts WHERE account_id = :account_id::uuid FOR UPDATE
), guessed AS MATERIALIZED (
    SELECT challenges.account_id FROM challenges JOIN account USING (account_id)
    WHERE challenge_id = lpad(:id::text, 32, '0')::uuid AND outcome IS NULL AND attempts < 5 AND expires_at > now()
    FOR UPDATE OF challenges
), charged AS (
    INSERT INTO code_budgets AS budget (account_id, kind, failures, allowed)
    SELECT account_id, 'account', 1, 100::integer FROM guessed
    ON CONFLICT (account_id, kind) DO UPDATE SET failures = budget.failures + 1,
        wait_until = CASE WHEN budget.failures + 1 >= 10::integer
            THEN now() + make_interval(secs => least(30::double precision * 2 ^ (budget.failures + 1 - 10), 3600::double precision)) END
    WHERE budget.failures < budget.allowed AND (budget.wait_until IS NULL OR budget.wait_until <= now())
    RETURNING account_id, failures, allowed
)
UPDATE challenges SET attempts = attempts + 1
FROM charged
WHERE challenges.account_id = charged.account_id AND challenge_id = lpad(:id::text, 32, '0')::uuid
RETURNING method, generation, key_id, attempts, resends, resend_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, now() AS now,
    charged.failures, charged.allowed;
BEGIN;
-- account/lock.sql
SELECT two_step_enabled_at IS NOT NULL AS two_step_enabled, password_hash, sign_ins_frozen_at, mailbox_changed_at,
    now() AS now
FROM accounts
WHERE account_id = :account_id::uuid
FOR UPDATE \gset
-- challenge/close.sql
WITH closed AS (
    UPDATE challenges SET outcome = 'verified', closed_at = now(), password_hash = NULL
    WHERE account_id = :account_id::uuid AND challenge_id = lpad(:id::text, 32, '0')::uuid AND outcome IS NULL AND expires_at > now()
        AND (1::integer IS NULL OR generation = 1)
    RETURNING account_id, activity_id
), answered AS (
    UPDATE accounts SET unanswered_alerts = 0
    FROM closed
    WHERE accounts.account_id = closed.account_id AND unanswered_alerts > 0 AND true::boolean
)
SELECT activity_id FROM closed;
-- delivery/cancel.sql
WITH locked AS MATERIALIZED (
    SELECT delivery_id FROM deliveries
    WHERE account_id = :account_id::uuid AND challenge_id = lpad(:id::text, 32, '0')::uuid AND generation <= 2147483647 AND due_at IS NOT NULL
    ORDER BY delivery_id
    FOR UPDATE
)
UPDATE deliveries SET state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END, due_at = NULL
FROM locked
WHERE deliveries.account_id = :account_id::uuid AND deliveries.challenge_id = lpad(:id::text, 32, '0')::uuid AND deliveries.delivery_id = locked.delivery_id
    AND due_at IS NOT NULL;
-- activity/set_outcome.sql
UPDATE login_activity SET outcome = 'succeeded', method = coalesce('app', method)
WHERE account_id = :account_id::uuid AND activity_id = lpad(:id::text, 32, '0')::uuid AND outcome = 'code_required';
-- verification/make_due.sql
UPDATE verifications SET webhook_due_at = now()
WHERE account_id = :account_id::uuid AND challenge_id = lpad(:id::text, 32, '0')::uuid AND webhook_due_at = 'infinity';
-- budget/refill.sql
DELETE FROM code_budgets WHERE account_id = :account_id::uuid AND kind = 'account';
-- notice/drop_unfinished.sql
DELETE FROM notices WHERE account_id = :account_id::uuid AND kind = 'sign_in_unfinished' AND install_id = lpad(:device_3::text, 32, '0')::uuid AND sent_at IS NULL;
-- notice/add.sql
INSERT INTO notices (account_id, notice_id, kind, requester, ip, location, mailbox)
VALUES (:account_id::uuid, lpad(:notice::text, 32, '0')::uuid, 'new_device_signed_in', '{"name": "Phone", "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0", "install_id": "00000000-0000-0000-0000-000000000003"}'::jsonb, '192.0.2.1'::text::inet, NULL, NULL);
-- device/upsert.sql
INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, last_location, locale)
VALUES (:account_id::uuid, lpad(:device_3::text, 32, '0')::uuid, lpad(:device_3::text, 32, '0')::uuid, 'Phone', 'Model', 'android', '15', '1.0.0', NULL, NULL)
ON CONFLICT (account_id, install_id) DO UPDATE SET
    name = CASE WHEN devices.renamed_at IS NULL THEN EXCLUDED.name ELSE devices.name END,
    model = EXCLUDED.model, platform = EXCLUDED.platform, os_version = EXCLUDED.os_version,
    app_version = EXCLUDED.app_version, last_seen_at = now(), last_location = EXCLUDED.last_location,
    locale = coalesce(EXCLUDED.locale, devices.locale)
RETURNING device_id, name, locale, trusted_at IS NOT NULL AS trusted;
-- session/create.sql
WITH created AS (
    INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at,
        refresh_hash, last_location)
    VALUES (:account_id::uuid, lpad(:id::text, 32, '0')::uuid, lpad(:device_3::text, 32, '0')::uuid, sha256(:id::text::bytea), now() + make_interval(secs => 3600), now() + make_interval(secs => 2592000), sha256(:id::text::bytea), NULL)
)
UPDATE sessions SET ended_at = now(), end_reason = 'made_room'
WHERE account_id = :account_id::uuid AND session_id IN (
    SELECT session_id FROM sessions
    WHERE account_id = :account_id::uuid AND device_id = lpad(:device_3::text, 32, '0')::uuid AND ended_at IS NULL
    ORDER BY created_at DESC, session_id DESC
    OFFSET 5::bigint - 1)
RETURNING session_id;
-- refresh_token/issue.sql
INSERT INTO refresh_tokens (account_id, token_hash, session_id) VALUES (:account_id::uuid, sha256(:id::text::bytea), lpad(:id::text, 32, '0')::uuid);
-- activity/name_session.sql
UPDATE login_activity SET device_id = lpad(:device_3::text, 32, '0')::uuid, session_id = lpad(:id::text, 32, '0')::uuid
WHERE account_id = :account_id::uuid AND activity_id = lpad(:id::text, 32, '0')::uuid;
COMMIT;

-- The owner is told.
\if :client_id = 0
-- notice/claim_due.sql
UPDATE notices SET due_at = now() + make_interval(secs => 60), tries = tries + 1
FROM accounts
WHERE accounts.account_id = notices.account_id AND (notices.account_id, notices.notice_id) IN (
    SELECT account_id, notice_id FROM notices
    WHERE due_at <= now() AND (install_id IS NULL OR NOT EXISTS (
        SELECT 1 FROM notices AS earlier
        WHERE earlier.account_id = notices.account_id AND earlier.kind = notices.kind AND earlier.sent_at IS NULL
            AND earlier.notice_id <> notices.notice_id
            AND (earlier.tries > 0 OR (earlier.due_at <= now() AND earlier.notice_id < notices.notice_id))))
    ORDER BY due_at
    LIMIT 50
    FOR UPDATE SKIP LOCKED)
RETURNING notices.account_id, notices.notice_id, notices.kind, notices.requester, host(notices.ip) AS ip,
    notices.location, notices.created_at, notices.tries, coalesce(notices.mailbox, accounts.email, accounts.contact_email) AS email, accounts.locale,
    accounts.time_zone;
\endif
-- notice/sent.sql
WITH sent AS (
    UPDATE notices SET sent_at = now(), due_at = NULL
    WHERE account_id = :account_id::uuid AND notice_id = lpad(:notice::text, 32, '0')::uuid
    RETURNING kind, install_id)
DELETE FROM notices USING sent
WHERE notices.account_id = :account_id::uuid AND notices.kind = sent.kind AND sent.install_id IS NOT NULL
    AND notices.install_id IS NOT NULL AND notices.notice_id <> lpad(:notice::text, 32, '0')::uuid AND notices.sent_at IS NULL;
