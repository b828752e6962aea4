-- How many codes were compared for an account since the last success, over all its challenges.
CREATE TABLE code_budgets (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('account', 'address')),
    failures integer NOT NULL CHECK (failures BETWEEN 0 AND 100),
    allowed integer NOT NULL CHECK (allowed BETWEEN 0 AND 100),
    -- Nothing is compared before.
    wait_until timestamptz,
    PRIMARY KEY (account_id, kind)
);
