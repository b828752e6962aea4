-- Writes an entry of the login activity.
-- $1 uuid: account; $2 uuid: entry; $3 text: kind; $4 text: outcome; $5 text: method or NULL; $6 jsonb: device or
-- NULL; $7 text: IP address or NULL; $8 text: location or NULL; $9 uuid: challenge or NULL; $10 text:
-- shadow reach or NULL; $11 text: name of the device it is about, or NULL; $12 uuid: device that did it, or NULL;
-- $13 uuid: its session, or NULL.
-- Inserts 1 row.
INSERT INTO login_activity (account_id, activity_id, at, kind, outcome, method, device, ip, location, challenge_id,
    shadow_reach, about, device_id, session_id)
VALUES ($1, $2, now(), $3, $4, $5, $6, $7::text::inet, $8, $9, $10, $11, $12, $13)
