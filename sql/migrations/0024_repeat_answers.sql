-- A request that is sent again because its answer was lost gets an equal answer until the successor was used: a successor was used when
-- any token of its pair was accepted. What is NULL was written by an earlier version, or did not happen yet.

-- When the pair was first accepted, as far as the exchange of its refresh token knew; what followed it, and the key that this was
-- derived with.
ALTER TABLE refresh_tokens
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN successor_hash bytea CHECK (octet_length(successor_hash) = 32),
    ADD COLUMN successor_key text;

-- The refresh token of the current pair; when the pair's access token was first accepted; when any token of the session was.
ALTER TABLE sessions
    ADD COLUMN refresh_hash bytea CHECK (octet_length(refresh_hash) = 32),
    ADD COLUMN access_used_at timestamptz,
    ADD COLUMN first_used_at timestamptz;

-- The session that the use of the token began.
ALTER TABLE trust_tokens ADD COLUMN session_id uuid;

-- What the right code brought, and how often it was sent again.
ALTER TABLE challenges
    ADD COLUMN granted_session_id uuid,
    ADD COLUMN granted_key text,
    ADD COLUMN repeats smallint NOT NULL DEFAULT 0;
