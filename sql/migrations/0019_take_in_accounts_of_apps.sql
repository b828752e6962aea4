-- Apps that keep accounts of their own: their servers name users (subjects) and begin verifications for them.

ALTER TABLE accounts ALTER COLUMN email DROP NOT NULL;
ALTER TABLE accounts
    -- The app's own id of a user whose password the app keeps.
    ADD COLUMN subject text COLLATE "C" UNIQUE CHECK (octet_length(subject) BETWEEN 1 AND 255),
    -- Where mail to a subject goes, if anywhere. Nobody signs in with it, and several subjects may share it.
    ADD COLUMN contact_email text COLLATE "C",
    ADD CONSTRAINT accounts_identity CHECK ((email IS NULL) <> (subject IS NULL)),
    ADD CONSTRAINT accounts_secret CHECK (
        email_verified_at IS NULL OR password_hash IS NOT NULL OR subject IS NOT NULL);
ALTER TABLE accounts DROP CONSTRAINT accounts_check;

-- Keys of apps' servers. There are few, and every node keeps them in memory.
CREATE TABLE api_keys (
    api_key_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 64),
    -- Whom assertions are for (RFC 7519 section 4.1.3).
    audience text NOT NULL CHECK (char_length(audience) BETWEEN 1 AND 255),
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    -- NULL: good until it is revoked.
    ends_at timestamptz
);

-- Challenges that an app's server began, and how far it was told their end.
CREATE TABLE verifications (
    account_id uuid NOT NULL,
    challenge_id uuid NOT NULL,
    audience text NOT NULL,
    -- When the webhook is next due: infinity while the challenge is open, NULL when there is nothing to tell any more.
    webhook_due_at timestamptz,
    webhook_tries smallint NOT NULL DEFAULT 0,
    told_at timestamptz,
    PRIMARY KEY (account_id, challenge_id),
    FOREIGN KEY (account_id, challenge_id) REFERENCES challenges ON DELETE CASCADE
);
CREATE INDEX verifications_due ON verifications (webhook_due_at) WHERE webhook_due_at IS NOT NULL;

-- Answers to calls that create something, for the same call when it comes again. Each is sealed with what only its caller has.
CREATE TABLE idempotent_requests (
    api_key_id uuid NOT NULL REFERENCES api_keys ON DELETE CASCADE,
    key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    -- Whom it was about; it goes with them.
    account_id uuid REFERENCES accounts ON DELETE CASCADE,
    -- NULL while it is under way, until when nobody else does it.
    status smallint,
    sealed_answer bytea,
    claimed_until timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (api_key_id, key_hash),
    CHECK ((status IS NULL) = (sealed_answer IS NULL))
);
CREATE INDEX idempotent_requests_account ON idempotent_requests (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX idempotent_requests_created ON idempotent_requests (created_at);
