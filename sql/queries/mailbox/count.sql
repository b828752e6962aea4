-- How many codes were mailed to a mailbox within an hour and a day, by strangers or by accounts, and how many of those by one
-- of them.
-- $1 bytea: SHA-256 of the mailbox; $2 uuid: the account that causes the next, or NULL for a stranger; $3 text: the
-- stranger's network, or NULL.
-- Returns 1 row. Index: mailbox_sends_pkey.
SELECT
    count(*) FILTER (WHERE at > now() - interval '1 hour')::integer AS hour,
    min(at) FILTER (WHERE at > now() - interval '1 hour') AS first_hour,
    count(*)::integer AS day,
    min(at) AS first_day,
    count(*) FILTER (WHERE by_account = $2 OR by_network = $3::text::inet)::integer AS own_day
FROM mailbox_sends
WHERE mailbox = $1 AND at > now() - interval '1 day' AND (by_account IS NULL) = ($2::uuid IS NULL)
