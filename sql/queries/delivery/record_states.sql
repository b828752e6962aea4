-- Writes how far deliveries of one challenge came. A receipt or a cancellation that came first stays.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid[]: deliveries; $4 text[]: states; $5 text[]: reasons or NULL;
-- $6 double precision[]: seconds until any node may work it on, NULL when nothing is left to do.
-- Changes 0 or more rows. Index: deliveries_pkey.
UPDATE deliveries SET
    state = news.state,
    reason = news.reason,
    accepted_at = CASE WHEN news.state = 'accepted' THEN coalesce(accepted_at, now()) ELSE accepted_at END,
    due_at = now() + make_interval(secs => news.due_in)
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::double precision[]) AS news (delivery_id, state, reason, due_in)
WHERE deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.delivery_id = news.delivery_id
    AND deliveries.state IN ('pending', 'accepted', 'unreachable')
