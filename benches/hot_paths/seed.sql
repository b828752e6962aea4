-- Makes accounts with trusted devices that are signed in: account, device and session ids count from 1.
-- $1 integer: accounts; the first has 1 device, the second 2, the third 10, every other 1.
-- Inserts 1 account each, and 2 rows a device.
WITH made AS MATERIALIZED (
    SELECT lpad(number::text, 32, '0')::uuid AS account_id, number FROM generate_series(1, $1::integer) AS number
), owned AS MATERIALIZED (
    SELECT account_id, lpad(device::text, 32, '0')::uuid AS device_id
    FROM made, generate_series(1, CASE number WHEN 2 THEN 2 WHEN 3 THEN 10 ELSE 1 END) AS device
), new_accounts AS (
    INSERT INTO accounts (account_id, email, email_verified_at, password_hash, two_step_enabled_at)
    SELECT account_id, account_id || '@example.com', now(), 'none', now() FROM made
), new_devices AS (
    INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at)
    SELECT account_id, device_id, device_id, 'Phone', 'Model', 'android', '15', '1.0.0', now() FROM owned
)
INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at)
SELECT account_id, device_id, device_id, sha256((account_id::text || device_id::text)::bytea),
    now() + interval '1 hour', now() + interval '1 hour'
FROM owned
