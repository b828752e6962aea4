-- After "this wasn't me" no new device signs in until a trusted device lifts it or the password changes.
ALTER TABLE accounts ADD COLUMN sign_ins_frozen_at timestamptz;

-- A notice that is written now and sent later, unless what it tells does not come true: by its installation.
ALTER TABLE notices ADD COLUMN install_id uuid;
CREATE INDEX notices_by_kind ON notices (account_id, kind);

-- When the notice was also pushed to the trusted devices; a node that dies in between pushes it to some of them only.
ALTER TABLE notices ADD COLUMN pushed_at timestamptz;
