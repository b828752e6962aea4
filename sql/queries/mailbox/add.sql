-- Counts a code that is mailed.
-- $1 bytea: SHA-256 of the mailbox; $2 uuid: the account that causes it, or NULL for a stranger; $3 text: the stranger's
-- network, or NULL.
-- Inserts 1 row.
INSERT INTO mailbox_sends (mailbox, send_id, by_account, by_network) VALUES ($1, gen_random_uuid(), $2, $3::text::inet)
