-- The rollout stops itself: it remembers when each step of the share began, what became of the accounts of a step, and that it holds.

-- Where the share was raised from and to. The steps lie end to end, from 0 to what is offered; a share that is lowered takes steps away.
CREATE TABLE rollout_batches (
    batch_id uuid PRIMARY KEY,
    from_percent double precision NOT NULL CHECK (from_percent >= 0),
    to_percent double precision NOT NULL CHECK (to_percent > from_percent AND to_percent <= 100),
    -- From when on accounts count that turn two-step verification on.
    began_at timestamptz NOT NULL
);
INSERT INTO rollout_batches (batch_id, from_percent, to_percent, began_at)
SELECT gen_random_uuid(), 0, percent, changed_at FROM rollout WHERE mode = 'on' AND percent > 0;

-- What became of the accounts of a step in its first hours. Counted once: challenges are forgotten after a month.
CREATE TABLE rollout_figures (
    batch_id uuid NOT NULL REFERENCES rollout_batches ON DELETE CASCADE,
    hours integer NOT NULL CHECK (hours > 0),
    -- Accounts that turned two-step verification on, and those of them that used a way back.
    accounts bigint NOT NULL,
    recovered bigint NOT NULL,
    -- Accounts that were asked for a code, those whose last one reached no trusted device, and those who did not go on to the end.
    asked bigint NOT NULL,
    unreachable bigint NOT NULL,
    abandoned bigint NOT NULL,
    PRIMARY KEY (batch_id, hours)
);

ALTER TABLE rollout
    ADD COLUMN held_at timestamptz,
    -- The step that is held back, and the share that is offered meanwhile.
    ADD COLUMN held_batch uuid,
    ADD COLUMN held_percent double precision,
    ADD COLUMN held_cause text CHECK (held_cause IN ('unreachable', 'abandoned', 'recovered')),
    -- So many accounts of so many, in the step and in the one before.
    ADD COLUMN held_newest_count bigint,
    ADD COLUMN held_newest_of bigint,
    ADD COLUMN held_before_count bigint,
    ADD COLUMN held_before_of bigint,
    ADD CONSTRAINT rollout_held_is_whole CHECK (num_nulls(held_at, held_batch, held_percent, held_cause, held_newest_count,
        held_newest_of, held_before_count, held_before_of) IN (0, 8));

-- An account's place on the line from 0 to 100, as src/domain/account/rollout.rs computes it.
CREATE FUNCTION rollout_place(salt text, account uuid) RETURNS double precision LANGUAGE sql STABLE AS $$
    SELECT ('x' || encode(substr(sha256(convert_to(salt, 'UTF8') || uuid_send(account)), 1, 4), 'hex'))::bit(32)::bigint
        / 4294967296.0::double precision * 100
$$;

-- Accounts by when they turned two-step verification on, and entries that tell of a way back.
CREATE INDEX accounts_two_step ON accounts (two_step_enabled_at, account_id) WHERE two_step_enabled_at IS NOT NULL;
CREATE INDEX login_activity_ways_back ON login_activity (account_id, at)
    WHERE kind IN ('recovery_code_used', 'password_reset', 'recovery_asked', 'recovery_used');

-- What one node does for all, at intervals.
CREATE TABLE shared_tasks (
    task text PRIMARY KEY,
    -- A node that claimed it and did not finish is not waited for beyond this.
    claimed_until timestamptz NOT NULL DEFAULT '-infinity',
    done_at timestamptz
);
INSERT INTO shared_tasks (task) VALUES ('watch_rollout');
