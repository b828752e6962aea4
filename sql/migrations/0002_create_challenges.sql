-- Challenges and their deliveries. No column holds a code: codes are derived (src/domain/code/mod.rs).

CREATE TABLE challenges (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    challenge_id uuid NOT NULL,
    token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'enable_two_step', 'create_account')),
    method text NOT NULL CHECK (method IN ('app', 'email')),
    key_id text NOT NULL,
    digits smallint NOT NULL CHECK (digits BETWEEN 6 AND 10),
    generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    attempts smallint NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 5),
    resends smallint NOT NULL DEFAULT 0 CHECK (resends BETWEEN 0 AND 5),
    resend_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('verified', 'denied', 'expired', 'attempts_exhausted', 'superseded')),
    closed_at timestamptz,
    -- Who asks, as it was then; the device becomes a row of its own only when it is verified.
    install_id uuid NOT NULL,
    requester jsonb NOT NULL,
    ip inet NOT NULL,
    location text,
    -- enable_two_step: the session that asked.
    session_id uuid,
    -- create_account: what the password will be once the address is confirmed.
    password_hash text,
    -- create_account: the address is somebody's already, so no code can be right.
    address_taken boolean NOT NULL DEFAULT false,
    activity_id uuid,
    PRIMARY KEY (account_id, challenge_id),
    CHECK ((outcome IS NULL) = (closed_at IS NULL))
);
CREATE UNIQUE INDEX challenges_by_id ON challenges (challenge_id);
CREATE UNIQUE INDEX challenges_one_open_per_install ON challenges (account_id, install_id, purpose) WHERE outcome IS NULL;
CREATE INDEX challenges_open_by_expiry ON challenges (expires_at) WHERE outcome IS NULL;

CREATE TABLE deliveries (
    account_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    generation integer NOT NULL,
    -- NULL: the account's mailbox.
    device_id uuid,
    channel text NOT NULL CHECK (channel IN ('websocket', 'fcm', 'apns', 'email')),
    state text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'accepted', 'shown', 'not_shown', 'unreachable', 'failed', 'cancelled')),
    reason text CHECK (reason IN ('notifications_off', 'no_push_token', 'token_expired')),
    -- From when any node may work it: a claim moves this forward, and NULL means that nothing is left to do.
    due_at timestamptz,
    tries smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,
    receipt_at timestamptz,
    PRIMARY KEY (account_id, challenge_id, delivery_id),
    FOREIGN KEY (account_id, challenge_id) REFERENCES challenges ON DELETE CASCADE,
    UNIQUE NULLS NOT DISTINCT (account_id, challenge_id, generation, device_id, channel)
);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;

-- Messages to owners that are no codes: an outbox like deliveries, worked until the mail server takes them.
CREATE TABLE notices (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    notice_id uuid NOT NULL,
    kind text NOT NULL,
    requester jsonb,
    ip inet,
    location text,
    -- As in deliveries.
    due_at timestamptz DEFAULT now(),
    tries smallint NOT NULL DEFAULT 0,
    sent_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, notice_id)
);
CREATE INDEX notices_due ON notices (due_at) WHERE due_at IS NOT NULL;
