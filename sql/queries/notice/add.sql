-- Writes a message to the owner into the outbox, in the transaction of what it tells.
-- $1 uuid: account; $2 uuid: notice; $3 text: kind; $4 jsonb: requesting device or NULL; $5 text: IP address or
-- NULL; $6 text: location or NULL; $7 text: mailbox that it goes to instead of the account's, or NULL.
-- Inserts 1 row.
INSERT INTO notices (account_id, notice_id, kind, requester, ip, location, mailbox)
VALUES ($1, $2, $3, $4, $5::text::inet, $6, $7)
