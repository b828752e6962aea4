-- Writes the delivery to the mailbox, in the transaction of the challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 uuid: the node that works it;
-- $5 double precision: its lease in seconds.
-- Inserts 1 row.
INSERT INTO deliveries (
    account_id, challenge_id, delivery_id, generation, channel, due_at, claimed_by, lease_until)
VALUES ($1, $2, gen_random_uuid(), $3, 'email', now(), $4, now() + make_interval(secs => $5))
