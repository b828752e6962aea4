-- `shadow` only counts who would be challenged. Code that does not know the column goes on as if it were 'on'.
ALTER TABLE rollout ADD COLUMN mode text NOT NULL DEFAULT 'on' CHECK (mode IN ('on', 'shadow'));
ALTER TABLE rollout_accounts ADD COLUMN listed_at timestamptz NOT NULL DEFAULT now();

-- A sign-in that two-step verification would have challenged: could another device have shown the code?
-- 'reachable' or 'unreachable'; NULL for every other entry.
ALTER TABLE login_activity ADD COLUMN shadow_reach text;
