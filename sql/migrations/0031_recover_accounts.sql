-- Ways back into an account: recovery codes, and a new password by mail.

-- Codes that an owner keeps on paper. All of an account are made at the same time and share a salt.
CREATE TABLE recovery_codes (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    -- SHA-256 of salt, account and code, which has 100 random bits.
    code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
    salt bytea NOT NULL CHECK (octet_length(salt) = 16),
    made_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    -- The challenge that it was used in.
    used_for uuid,
    PRIMARY KEY (account_id, code_hash)
);

-- Recovery codes that were typed in a challenge. Apart from its attempts: neither can use up the other.
ALTER TABLE challenges ADD COLUMN recovery_attempts smallint NOT NULL DEFAULT 0;

-- Wishes for a new password. The secret of a link is derived from the code key and this id, and stored nowhere.
CREATE TABLE password_resets (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    reset_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, reset_id)
);
CREATE UNIQUE INDEX password_resets_by_id ON password_resets (reset_id);
