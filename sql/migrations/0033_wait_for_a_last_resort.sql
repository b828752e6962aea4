-- The last resort: whoever knows the password and has no other way in waits, is told of, and may then use a code by email once.

CREATE TABLE recoveries (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    recovery_id uuid NOT NULL,
    -- The device that asked, as of challenges.
    requester jsonb NOT NULL,
    ip inet NOT NULL,
    location text,
    -- Not now(), which is when a transaction began that may have waited for the account's lock.
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- From then on the mailbox counts, once.
    ready_at timestamptz NOT NULL,
    usable_until timestamptz NOT NULL,
    -- When the owner is told again.
    remind_at timestamptz NOT NULL,
    -- NULL while it waits or may be used.
    outcome text CHECK (outcome IN ('used', 'cancelled', 'restarted', 'superseded', 'expired')),
    ended_at timestamptz,
    PRIMARY KEY (account_id, recovery_id),
    CHECK (ready_at > asked_at AND usable_until > ready_at),
    CHECK ((outcome IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX recoveries_by_id ON recoveries (recovery_id);
CREATE UNIQUE INDEX recoveries_one_open ON recoveries (account_id) WHERE outcome IS NULL;
CREATE INDEX recoveries_due ON recoveries (remind_at) WHERE outcome IS NULL;
