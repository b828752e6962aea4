-- What a whole sign-in of a new device makes the database do, for pgbench: the statements of the gateway, each by the name of its
-- file under sql/queries, in the gateway's transactions, without the password's hash. A test compares each with its file, so a query
-- that changed or went away is noticed. scripts/bench-statements runs it (-M prepared).
--
-- An app's server asks; two trusted devices are connected, and both say that they show the code. The device is not trusted
-- afterwards, as in `twostep-loadtest signin --by-app`. Three things differ from the gateway, because pgbench cannot do otherwise: ids
-- and hashes come from numbers, BEGIN and COMMIT are round trips of their own, and what the gateway asks for many sign-ins at once is asked for each. One client claims notices
-- for all, as one task of the gateway does.
--
-- Variables: run (number of the run), n (0 at first).
\set n :n + 1
\set id (:run * 100 + :client_id) * 100000000 + :n
\set notice :id + 50000000
\set account :client_id + 64 * random(0, 15)
\set device_1 :account * 10 + 1
\set device_2 :account * 10 + 2
\set device_3 :account * 10 + 3

-- POST /v1/verifications.
BEGIN;
-- challenge/begin_sign_in.sql
SELECT account, mailbox AS email, mailbox_changed, began_at, delivery_ids, device_ids, are_notifications_allowed, have_push_address,
    are_push_addresses_expired, closed_ids, closed_outcomes,
    EXISTS (SELECT FROM authenticators WHERE authenticators.account_id = account AND is_confirmed) AS has_authenticator
FROM begin_sign_in('statements-' || :account, NULL::uuid, NULL::text, false, NULL::text, 3::bigint, lpad(:id::text, 32, '0')::uuid,
    sha256(:id::text::bytea), 'bench', substr(sha256(:id::text::bytea), 1, 16), 6::smallint, 30::double precision, 300::double precision,
    lpad(:device_3::text, 32, '0')::uuid,
    '{"name": "Phone", "model": "Model", "platform": "android", "os_version": "15", "app_version": "1.0.0", "install_id": "00000000-0000-0000-0000-000000000003"}'::jsonb,
    '192.0.2.1'::text::inet, NULL::text, lpad(:id::text, 32, '0')::uuid, lpad(:id::text, 32, '0')::uuid, 600::double precision,
    86400::double precision, 'bench', false, '00000000-0000-7000-8000-000000000001'::uuid, 5::double precision,
    '00000000-0000-7000-8000-000000000001'::uuid, sha256(:id::text::bytea));
-- idempotent_request/add.sql
INSERT INTO idempotent_requests (api_key_id, key_hash, request_hash, account_id, status, sealed_answer, claimed_until)
VALUES ('00000000-0000-7000-8000-000000000001'::uuid, sha256(:id::text::bytea), sha256(:id::text::bytea), lpad(:account::text, 32, '0')::uuid, 202::smallint, sha256(:id::text::bytea), now())
ON CONFLICT (api_key_id, key_hash) DO NOTHING;
COMMIT;

-- The devices say that they show it.
-- delivery/record_receipts.sql
SELECT place, is_news FROM record_receipts(array[lpad(:account::text, 32, '0'), lpad(:account::text, 32, '0')]::uuid[],
    array[lpad(:id::text, 32, '0'), lpad(:id::text, 32, '0')]::uuid[], array[1, 1]::integer[],
    array[lpad(:device_1::text, 32, '0'), lpad(:device_2::text, 32, '0')]::uuid[], array['shown', 'shown']::text[]);

-- POST /v1/challenges/{id}/verify.
-- challenge/by_id.sql
SELECT account_id, challenge_id, token_hash, purpose, method, key_id, code_salt, digits, generation, attempts,
    resends, resend_at, created_at, expires_at, outcome, superseded_by,
    method_changes > 0 AS changed_method, install_id, requester, host(ip) AS ip, location, session_id,
    password_hash, address_taken, activity_id, now() AS now,
    CASE purpose WHEN 'change_email' THEN (SELECT email FROM pending_addresses pending WHERE pending.account_id = challenges.account_id AND pending.challenge_id = challenges.challenge_id) ELSE (SELECT coalesce(email, contact_email) FROM accounts WHERE accounts.account_id = challenges.account_id) END AS email,
    (SELECT mailbox_changed_at FROM accounts WHERE accounts.account_id = challenges.account_id) AS mailbox_changed_at,
    EXISTS (SELECT FROM authenticators WHERE authenticators.account_id = challenges.account_id AND is_confirmed) AS has_authenticator,
    EXISTS (SELECT FROM verifications WHERE verifications.account_id = challenges.account_id
        AND verifications.challenge_id = challenges.challenge_id) AS is_for_app
FROM challenges
WHERE challenge_id = lpad(:id::text, 32, '0')::uuid;
-- challenge/verify_sign_in.sql
SELECT met_device, device_name, device_locale AS locale, ended_sessions, for_audience, of_subject, verified_at
FROM accounts
CROSS JOIN LATERAL verify_sign_in(accounts.account_id, lpad(:id::text, 32, '0')::uuid, 1::integer, 'bench', 5::smallint,
    lpad(:notice::text, 32, '0')::uuid, NULL::bytea, 10::bigint, 'bench', lpad(:device_3::text, 32, '0')::uuid,
    lpad(:device_3::text, 32, '0')::uuid, 'Phone', 'Model', 'android', '15', '1.0.0', NULL::text, NULL::text,
    lpad(:id::text, 32, '0')::uuid, sha256(:id::text::bytea), sha256(:id::text::bytea), 3600::double precision,
    2592000::double precision, 5::bigint)
WHERE accounts.account_id = lpad(:account::text, 32, '0')::uuid
    AND NOT EXISTS (SELECT FROM recoveries WHERE recoveries.account_id = lpad(:account::text, 32, '0')::uuid AND outcome IS NULL);

-- The owner is told, by the notice that waited for the end of the sign-in.
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
    WHERE account_id = lpad(:account::text, 32, '0')::uuid AND notice_id = lpad(:id::text, 32, '0')::uuid
    RETURNING kind, install_id)
DELETE FROM notices USING sent
WHERE notices.account_id = lpad(:account::text, 32, '0')::uuid AND notices.kind = sent.kind AND sent.install_id IS NOT NULL
    AND notices.install_id IS NOT NULL AND notices.notice_id <> lpad(:id::text, 32, '0')::uuid AND notices.sent_at IS NULL;
