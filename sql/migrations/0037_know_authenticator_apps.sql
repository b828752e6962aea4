-- Authenticator apps: codes that an owner's app makes by itself, without any network (RFC 6238).

CREATE TABLE authenticators (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    -- Its first code was right. Until then the earlier one, if there is one, stays good.
    is_confirmed boolean NOT NULL,
    -- The code key that the secret is sealed with, and the sealed secret: nonce, ciphertext, tag (RFC 8439).
    key_id text NOT NULL,
    sealed bytea NOT NULL CHECK (octet_length(sealed) = 48),
    -- The time step of the code that was taken last: none is taken twice.
    last_step bigint NOT NULL DEFAULT 0,
    -- Codes that were typed to confirm it.
    attempts smallint NOT NULL DEFAULT 0,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, is_confirmed)
);
CREATE INDEX authenticators_key ON authenticators (key_id);
