-- Codes whose push rang since somebody answered one: after some of them pushes are silent.
ALTER TABLE accounts ADD COLUMN unanswered_alerts smallint NOT NULL DEFAULT 0 CHECK (unanswered_alerts >= 0);
-- Of a push: the app lists it, and nothing rings.
ALTER TABLE deliveries ADD COLUMN silent boolean NOT NULL DEFAULT false;
