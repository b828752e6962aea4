-- Stores the hash of a ticket for one WebSocket.
-- $1 uuid: account; $2 bytea: hash; $3 uuid: session; $4 double precision: its life in seconds.
-- Inserts 1 row.
INSERT INTO connect_tickets (account_id, ticket_hash, session_id, expires_at)
VALUES ($1, $2, $3, now() + make_interval(secs => $4))
