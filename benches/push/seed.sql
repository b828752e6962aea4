-- Makes accounts that have one sleeping trusted device each and an open sign-in challenge whose delivery is due, as a lost
-- node would leave them.
-- $1 integer: how many; $2 text: kind of push address; $3 text: id of the code key;
-- $4 double precision: seconds that the codes are good; $5 text: the push address of all of them, or NULL: one each; $6 bytea: keys or NULL.
-- Inserts 4 rows each.
WITH made AS MATERIALIZED (
    SELECT number, gen_random_uuid() AS account_id, gen_random_uuid() AS device_id, gen_random_uuid() AS challenge_id
    FROM generate_series(1, $1::integer) AS number
), new_accounts AS (
    INSERT INTO accounts (account_id, email, email_verified_at, password_hash, two_step_enabled_at)
    SELECT account_id, account_id || '@example.com', now(), 'none', now() FROM made
), new_devices AS (
    INSERT INTO devices (
        account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at,
        push_kind, push_address, push_environment, push_keys, push_registered_at)
    SELECT account_id, device_id, gen_random_uuid(), 'Asleep', 'Model', 'android', '15', '1.0.0', now(),
        $2, coalesce($5, encode(sha256(device_id::text::bytea), 'hex')), CASE $2 WHEN 'apns_token' THEN 'production' END, $6, now()
    FROM made
), new_challenges AS (
    INSERT INTO challenges (
        account_id, challenge_id, token_hash, purpose, method, key_id, digits, resend_at, created_at, expires_at,
        install_id, requester, ip)
    SELECT account_id, challenge_id, sha256(challenge_id::text::bytea), 'sign_in', 'app', $3, 6,
        now(), now(), now() + make_interval(secs => $4), account_id,
        jsonb_build_object(
            'install_id', account_id, 'name', 'New', 'model', 'Model', 'platform', 'android',
            'os_version', '15', 'app_version', '1.0.0'),
        '192.0.2.1'
    FROM made
)
INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, device_id, channel, due_at)
SELECT account_id, challenge_id, gen_random_uuid(), 1, device_id, 'websocket', now() FROM made
