-- Fills a database: `accounts` with two trusted devices each, and `rows` of login activity over the last four weeks.
INSERT INTO accounts (account_id, email, email_verified_at, password_hash, two_step_enabled_at)
SELECT md5('account ' || number)::uuid, 'grown-' || number || '@example.com', now(), 'none', now()
FROM generate_series(1, :accounts) AS number;

INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at)
SELECT md5('account ' || number)::uuid, md5('device ' || number || ' ' || device)::uuid,
    md5('install ' || number || ' ' || device)::uuid, 'Phone', 'Model', 'android', '15', '1.0.0', now()
FROM generate_series(1, :accounts) AS number, generate_series(1, 2) AS device;

INSERT INTO login_activity (account_id, activity_id, at, kind, outcome, method, device, ip, location)
SELECT md5('account ' || 1 + number % :accounts)::uuid, md5('activity ' || number)::uuid,
    now() - random() * interval '28 days', 'sign_in', 'success', 'app',
    '{"name": "Phone", "model": "Model", "platform": "android"}', '203.0.113.7', 'Oslo, Norway'
FROM generate_series(1, :rows) AS number;

ANALYZE;
