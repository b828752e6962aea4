-- Codes that were mailed within a day, by the mailbox that they end in (tags and dots that its provider passes over do not make
-- another one) and by who caused them. Not by account: strangers make as many as they like for one mailbox.
CREATE TABLE mailbox_sends (
    -- SHA-256 of the mailbox.
    mailbox bytea NOT NULL CHECK (octet_length(mailbox) = 32),
    send_id uuid NOT NULL,
    -- The account whose password or session caused it; NULL for a stranger's.
    by_account uuid,
    -- The network of a stranger who wants the address confirmed; NULL for an account's.
    by_network inet,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (mailbox, send_id),
    CHECK ((by_account IS NULL) <> (by_network IS NULL))
);
CREATE INDEX mailbox_sends_at ON mailbox_sends (at);

-- The network that asks for an address to be confirmed: strangers elsewhere do not end each other's challenges, nor the owner's.
-- NULL for every other purpose.
ALTER TABLE challenges ADD COLUMN asker inet;
DROP INDEX challenges_one_open_per_install;
CREATE UNIQUE INDEX challenges_one_open_per_install ON challenges (account_id, install_id, purpose, asker)
    NULLS NOT DISTINCT WHERE outcome IS NULL;
