-- Trust tokens form one chain a device: each names its successor, which is derived from it, so that the same token shown twice
-- brings the same one. NULL: not used, or used by an earlier version.
ALTER TABLE trust_tokens
    ADD COLUMN used_at timestamptz,
    ADD COLUMN successor_hash bytea CHECK (octet_length(successor_hash) = 32),
    ADD COLUMN successor_key text;

-- Where a device is connected, and when it last was: a device that just went is not out of reach. Written only where that decides
-- anything (`delivery.email_fallback = "recovery_only"`).
ALTER TABLE devices
    ADD COLUMN connected_node uuid,
    ADD COLUMN connection_id uuid,
    ADD COLUMN last_connected_at timestamptz;
CREATE INDEX devices_connected ON devices (connected_node) WHERE connected_node IS NOT NULL;

-- When the mailbox of a subject was changed: for a while the new one gets no sign-in codes that a device can show.
ALTER TABLE accounts ADD COLUMN mailbox_changed_at timestamptz;

-- The subjects that a key is for: those that begin so. NULL: all.
ALTER TABLE api_keys ADD COLUMN subject_prefix text COLLATE "C" CHECK (octet_length(subject_prefix) BETWEEN 1 AND 255);

CREATE INDEX connect_tickets_session ON connect_tickets (account_id, session_id);

-- How often an entry happened again within the hour: it stands for all of them.
ALTER TABLE login_activity ADD COLUMN repeats integer NOT NULL DEFAULT 0;
