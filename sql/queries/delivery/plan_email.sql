-- Writes the delivery to the mailbox, in the transaction of the challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: the node that works it;
-- $5 double precision: its lease in seconds.
-- Returns 1 row: the delivery with the mailbox and how its owner reads it. Index: accounts_pkey.
WITH planned AS (
    INSERT INTO deliveries (
        account_id, challenge_id, delivery_id, generation, channel, due_at, claimed_by, lease_until, tries)
    VALUES ($1, $2, gen_random_uuid(), $3, 'email', now(), $4, now() + make_interval(secs => $5), 1)
    RETURNING account_id, delivery_id
)
SELECT planned.delivery_id, coalesce(accounts.email, accounts.contact_email) AS email, accounts.locale, accounts.time_zone
FROM planned
JOIN accounts USING (account_id)
