-- Writes how far deliveries of one challenge came. A receipt or a cancellation that came first stays; a receipt that
-- says "not shown" leaves a next step to take, which may be over now. Rows are locked in the order of their ids, as cancel does.
-- $1 uuid: account; $2 uuid: challenge; $3 uuid[]: deliveries; $4 text[]: states; $5 text[]: reasons or NULL;
-- $6 text[]: details or NULL; $7 double precision[]: seconds until it is due again, NULL when nothing is left to do;
-- $8 double precision: seconds that the node's lease lasts beyond that.
-- Changes 0 or more rows. Index: deliveries_pkey.
WITH locked AS MATERIALIZED (
    SELECT delivery_id FROM deliveries
    WHERE account_id = $1 AND challenge_id = $2 AND delivery_id = ANY ($3)
    ORDER BY delivery_id
    FOR UPDATE
)
UPDATE deliveries SET
    state = CASE WHEN deliveries.state = 'not_shown' THEN deliveries.state ELSE news.state END,
    reason = news.reason,
    detail = coalesce(news.detail, deliveries.detail),
    accepted_at = CASE WHEN news.state = 'accepted' THEN coalesce(accepted_at, now()) ELSE accepted_at END,
    due_at = now() + make_interval(secs => news.due_in),
    lease_until = now() + make_interval(secs => news.due_in + $8)
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::double precision[])
    AS news (delivery_id, state, reason, detail, due_in)
JOIN locked USING (delivery_id)
WHERE deliveries.account_id = $1 AND deliveries.challenge_id = $2 AND deliveries.delivery_id = news.delivery_id
    AND deliveries.state IN ('pending', 'accepted', 'unreachable', 'not_shown')
