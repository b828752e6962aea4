-- Whether a session changed its account's password lately.
-- $1 uuid: account; $2 uuid: session; $3 double precision: within so many seconds.
-- Returns 1 row. Index: login_activity_newest.
SELECT EXISTS (
    SELECT 1 FROM login_activity
    WHERE account_id = $1 AND kind = 'password_changed' AND session_id = $2
        AND at > now() - make_interval(secs => $3)) AS has_changed
