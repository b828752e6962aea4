-- Deletes tickets that nobody used.
-- Deletes 0 or more rows; a full scan of a small table.
DELETE FROM connect_tickets WHERE expires_at < now()
