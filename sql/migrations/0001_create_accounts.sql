-- Accounts, their devices, sessions and tokens.
-- Every key begins with account_id, so that the tables can be distributed by account.

CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL UNIQUE,
    -- NULL until the emailed code was typed; only then may anybody sign in.
    email_verified_at timestamptz,
    -- argon2id in PHC format; NULL until the address is confirmed.
    password_hash text,
    two_step_enabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CHECK (email_verified_at IS NULL OR password_hash IS NOT NULL)
);

CREATE TABLE devices (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    device_id uuid NOT NULL,
    install_id uuid NOT NULL,
    name text NOT NULL,
    model text NOT NULL,
    platform text NOT NULL CHECK (platform IN ('android', 'ios', 'web')),
    os_version text NOT NULL,
    app_version text NOT NULL,
    -- NULL while the device is not trusted.
    trusted_at timestamptz,
    notifications_allowed boolean NOT NULL DEFAULT true,
    push_kind text CHECK (push_kind IN ('apns_token', 'fcm_token', 'fcm_fid')),
    push_address text,
    push_environment text CHECK (push_environment IN ('production', 'sandbox')),
    push_registered_at timestamptz,
    -- Set when a provider said that the address is dead; cleared by the next registration.
    push_expired_at timestamptz,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, device_id),
    UNIQUE (account_id, install_id),
    CHECK ((push_kind IS NULL) = (push_address IS NULL))
);
CREATE INDEX devices_push_address ON devices (push_address) WHERE push_address IS NOT NULL;

CREATE TABLE sessions (
    account_id uuid NOT NULL,
    session_id uuid NOT NULL,
    device_id uuid NOT NULL,
    access_hash bytea NOT NULL CHECK (octet_length(access_hash) = 32),
    access_expires_at timestamptz NOT NULL,
    refresh_expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    end_reason text,
    PRIMARY KEY (account_id, session_id),
    FOREIGN KEY (account_id, device_id) REFERENCES devices ON DELETE CASCADE
);
CREATE UNIQUE INDEX sessions_access_hash ON sessions (access_hash);
CREATE INDEX sessions_device ON sessions (account_id, device_id) WHERE ended_at IS NULL;

-- Old tokens stay: one that comes back shows that somebody copied it.
CREATE TABLE refresh_tokens (
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    session_id uuid NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    PRIMARY KEY (account_id, token_hash),
    FOREIGN KEY (account_id, session_id) REFERENCES sessions ON DELETE CASCADE
);
CREATE INDEX refresh_tokens_hash ON refresh_tokens (token_hash);

CREATE TABLE trust_tokens (
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    device_id uuid NOT NULL,
    issued_at timestamptz NOT NULL DEFAULT now(),
    -- When a newer one was issued for it; it still works for a short grace.
    replaced_at timestamptz,
    PRIMARY KEY (account_id, token_hash),
    FOREIGN KEY (account_id, device_id) REFERENCES devices ON DELETE CASCADE
);
CREATE INDEX trust_tokens_device ON trust_tokens (account_id, device_id);

CREATE TABLE connect_tickets (
    account_id uuid NOT NULL,
    ticket_hash bytea NOT NULL CHECK (octet_length(ticket_hash) = 32),
    session_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, ticket_hash),
    FOREIGN KEY (account_id, session_id) REFERENCES sessions ON DELETE CASCADE
);
CREATE INDEX connect_tickets_hash ON connect_tickets (ticket_hash);
