-- How many new codes were asked for lately for an account (counted by the beginning of their challenge). What an unconfirmed
-- stranger causes (codes that confirm an address) is none of its.
-- $1 uuid: account.
-- Returns 1 row. Index: challenges_pkey.
SELECT
    coalesce(sum(resends) FILTER (WHERE created_at > now() - interval '1 hour'), 0)::integer AS resends_hour,
    coalesce(sum(resends), 0)::integer AS resends_day,
    min(created_at) FILTER (WHERE resends > 0 AND created_at > now() - interval '1 hour') AS first_resend_hour,
    min(created_at) FILTER (WHERE resends > 0) AS first_resend_day
FROM challenges
WHERE account_id = $1 AND purpose <> 'create_account' AND created_at > now() - interval '1 day'
