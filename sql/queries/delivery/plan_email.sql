-- Writes the delivery to the mailbox, in the transaction of the challenge.
-- $1 uuid: account; $2 uuid: challenge; $3 integer: generation; $4 double precision: seconds until anybody may work it.
-- Inserts 1 row.
INSERT INTO deliveries (account_id, challenge_id, delivery_id, generation, channel, due_at)
VALUES ($1, $2, gen_random_uuid(), $3, 'email', now() + make_interval(secs => $4))
