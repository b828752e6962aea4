-- Asks for the last resort, once what was asked for before is ended.
-- $1 uuid: account; $2 uuid: recovery; $3 jsonb: device that asks; $4 text: IP address; $5 text: location or NULL; $6 double precision:
-- seconds to wait; $7 double precision: seconds for which it may be used then; $8 double precision: seconds until the owner is told again.
-- Inserts 1 row. Returns asked_at, ready_at, usable_until.
INSERT INTO recoveries (account_id, recovery_id, requester, ip, location, asked_at, ready_at, usable_until, remind_at)
SELECT $1, $2, $3, $4::text::inet, $5, asked_at, asked_at + make_interval(secs => $6), asked_at + make_interval(secs => $6 + $7),
    asked_at + make_interval(secs => least($6, $8))
FROM (SELECT clock_timestamp() AS asked_at) AS clock
RETURNING asked_at, ready_at, usable_until
