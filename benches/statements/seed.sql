-- Makes accounts 0 to 1023 with two trusted devices each (numbers 1 and 2) and one that is not trusted and signs in (number 3).
-- And one row a client and statement for benches/statements/three_commits.sql.
INSERT INTO accounts (account_id, subject, email_verified_at, two_step_enabled_at)
SELECT lpad(number::text, 32, '0')::uuid, 'statements-' || number, now(), now()
FROM generate_series(0, 1023) AS number;

INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, trusted_at)
SELECT lpad(number::text, 32, '0')::uuid, lpad((number * 10 + device)::text, 32, '0')::uuid,
    lpad((number * 10 + device)::text, 32, '0')::uuid, 'Phone', 'Model', 'android', '15', '1.0.0', CASE WHEN device < 3 THEN now() END
FROM generate_series(0, 1023) AS number, generate_series(1, 3) AS device;

INSERT INTO api_keys (api_key_id, name, audience, token_hash, scopes)
VALUES ('00000000-0000-7000-8000-000000000001', 'bench', 'bench', sha256('bench'), '{}');

CREATE TABLE reference (row_id integer PRIMARY KEY, count bigint NOT NULL);
INSERT INTO reference SELECT number, 0 FROM generate_series(0, 3071) AS number;
