-- A request that is sent again because its answer was lost gets an equal answer until the successor was used: a successor was used when
-- any token of its pair was accepted. What is NULL was written by an earlier version, or did not happen yet.

-- When the pair was first accepted, as far as the exchange of its refresh token knew; what followed it, and the key that this was
-- derived with.
ALTER TABLE refresh_tokens
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN successor_hash bytea CHECK (octet_length(successor_hash) = 32),
    ADD COLUMN successor_key text;

-- The refresh token of the current pair; when the pair's access token was first accepted; when any token of the session was. Where the
-- session was last refreshed, and when a pair of it was last issued or accepted: its owner sees both.
ALTER TABLE sessions
    ADD COLUMN refresh_hash bytea CHECK (octet_length(refresh_hash) = 32),
    ADD COLUMN access_used_at timestamptz,
    ADD COLUMN first_used_at timestamptz,
    ADD COLUMN last_used_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN last_location text;
UPDATE sessions SET last_used_at = sessions.created_at, last_location = devices.last_location
FROM devices
WHERE devices.account_id = sessions.account_id AND devices.device_id = sessions.device_id AND ended_at IS NULL;

-- The session that the use of the token began.
ALTER TABLE trust_tokens ADD COLUMN session_id uuid;

-- What the right code brought, and how often it was sent again.
ALTER TABLE challenges
    ADD COLUMN granted_session_id uuid,
    ADD COLUMN granted_key text,
    ADD COLUMN repeats smallint NOT NULL DEFAULT 0;

-- Why a challenge that was superseded was.
ALTER TABLE challenges ADD COLUMN superseded_by text;

-- Programs without a screen, desktops, kiosks.
ALTER TABLE devices DROP CONSTRAINT devices_platform_check;
ALTER TABLE devices ADD CONSTRAINT devices_platform_check CHECK (platform IN ('android', 'ios', 'web', 'other')) NOT VALID;
