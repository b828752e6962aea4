-- Stores the hash of a ticket for one WebSocket. Few of a session are good at the same time, and the oldest go.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: session; $4 double precision: its life in seconds; $5 bigint: how many are good with it.
-- Inserts 1 row. Index: connect_tickets_session.
WITH beyond AS (
    DELETE FROM connect_tickets
    WHERE account_id = $1 AND ticket_hash IN (
        SELECT ticket_hash FROM connect_tickets
        WHERE account_id = $1 AND session_id = $3
        ORDER BY expires_at DESC
        OFFSET $5::bigint - 1)
)
INSERT INTO connect_tickets (account_id, ticket_hash, session_id, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
