-- The device and the session that did what an entry says, so that a report of it ends them. NULL: written before, or nobody's
-- (an operator's, a server's).
ALTER TABLE login_activity
    ADD COLUMN device_id uuid,
    ADD COLUMN session_id uuid,
    -- When somebody who speaks for the owner said "this wasn't me"; `reported_at` is when anybody did.
    ADD COLUMN owner_reported_at timestamptz;

-- Guesses at the code that turns two-step verification on have a budget of their own, and those at a code that confirms an
-- address need none: it is too long to be guessed over any number of challenges.
ALTER TABLE code_budgets DROP CONSTRAINT code_budgets_kind_check;
ALTER TABLE code_budgets ADD CONSTRAINT code_budgets_kind_check CHECK (kind IN ('account', 'address', 'enabling'));

-- Where a notice goes that is for another mailbox than the account has by the time it is sent: the one that it had before.
ALTER TABLE notices ADD COLUMN mailbox text COLLATE "C";
