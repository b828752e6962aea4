-- Whether a session began a moment ago: its owner typed the password then.
-- $1 uuid: account; $2 uuid: session; $3 double precision: within so many seconds.
-- Returns 0 or 1 row. Index: sessions_pkey.
SELECT created_at > now() - make_interval(secs => $3) AS is_fresh FROM sessions WHERE account_id = $1 AND session_id = $2
