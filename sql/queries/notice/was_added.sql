-- Whether an account got a notice of a kind lately.
-- $1 uuid: account; $2 text: kind; $3 double precision: within so many seconds.
-- Returns 1 row. Index: notices_by_kind.
SELECT EXISTS (
    SELECT 1 FROM notices
    WHERE account_id = $1 AND kind = $2 AND created_at > now() - make_interval(secs => $3)) AS was_added
