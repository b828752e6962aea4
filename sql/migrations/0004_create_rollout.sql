-- To whom two-step verification is offered so far.

CREATE TABLE rollout (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    percent double precision NOT NULL CHECK (percent BETWEEN 0 AND 100),
    -- Never changes: an account's place in the order depends on it.
    salt text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO rollout (percent, salt) VALUES (100, gen_random_uuid()::text);

CREATE TABLE rollout_accounts (
    account_id uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    listed text NOT NULL CHECK (listed IN ('allow', 'deny'))
);
