-- For the upkeep that forgets what is over.
CREATE INDEX challenges_closed ON challenges (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX accounts_unconfirmed ON accounts (created_at) WHERE email_verified_at IS NULL;
CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX notices_sent ON notices (sent_at) WHERE sent_at IS NOT NULL;
