-- Writes whom a sign-in attempt let in.
-- $1 uuid: account; $2 uuid: entry; $3 uuid: device; $4 uuid: session.
-- Changes 0 or 1 row. Index: login_activity_pkey.
UPDATE login_activity SET device_id = $3, session_id = $4
WHERE account_id = $1 AND activity_id = $2
