ALTER TABLE devices
    -- Where it seemed to be when it was last seen.
    ADD COLUMN last_location text,
    -- When its owner gave it a name, which stays although the app sends another at every sign-in.
    ADD COLUMN renamed_at timestamptz;

-- A device that is not trusted turns two-step verification off with a code.
ALTER TABLE challenges DROP CONSTRAINT challenges_purpose_check;
ALTER TABLE challenges ADD CONSTRAINT challenges_purpose_check
    CHECK (purpose IN ('sign_in', 'enable_two_step', 'disable_two_step', 'create_account'));
