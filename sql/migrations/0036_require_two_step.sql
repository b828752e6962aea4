-- Two-step verification may be required: of every account, by a setting, or of a subject, by its app.

-- The app requires it of this subject.
ALTER TABLE accounts ADD COLUMN two_step_required boolean NOT NULL DEFAULT false;
-- From then on a sign-in turns it on. Set by the first sign-in since it is required.
ALTER TABLE accounts ADD COLUMN two_step_due_at timestamptz;
