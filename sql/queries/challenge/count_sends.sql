-- How many codes an account was sent lately: new ones that were asked for (counted by the beginning of their challenge), and
-- those by email (by their own time). What an unconfirmed stranger causes (codes that confirm an address) is counted apart.
-- $1 uuid: account; $2 text[]: purposes.
-- Returns 1 row. Index: challenges_pkey, deliveries_pkey.
WITH asked AS (
    SELECT account_id, challenge_id, created_at, resends FROM challenges
    WHERE account_id = $1 AND purpose = ANY ($2) AND created_at > now() - interval '2 days'
), mailed AS (
    SELECT deliveries.created_at FROM deliveries JOIN asked USING (account_id, challenge_id)
    WHERE channel = 'email' AND deliveries.created_at > now() - interval '1 day'
)
SELECT
    (SELECT coalesce(sum(resends), 0)::integer FROM asked WHERE created_at > now() - interval '1 hour') AS resends_hour,
    (SELECT coalesce(sum(resends), 0)::integer FROM asked WHERE created_at > now() - interval '1 day') AS resends_day,
    (SELECT min(created_at) FROM asked WHERE resends > 0 AND created_at > now() - interval '1 hour') AS first_resend_hour,
    (SELECT min(created_at) FROM asked WHERE resends > 0 AND created_at > now() - interval '1 day') AS first_resend_day,
    (SELECT count(*)::integer FROM mailed WHERE created_at > now() - interval '1 hour') AS mails_hour,
    (SELECT count(*)::integer FROM mailed) AS mails_day,
    (SELECT min(created_at) FROM mailed WHERE created_at > now() - interval '1 hour') AS first_mail_hour,
    (SELECT min(created_at) FROM mailed) AS first_mail_day
