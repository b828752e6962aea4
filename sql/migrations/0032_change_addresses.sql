-- Accounts change their address: a code goes to the new one, and whoever reads the old one may undo it.

ALTER TABLE challenges DROP CONSTRAINT challenges_purpose_check;
ALTER TABLE challenges ADD CONSTRAINT challenges_purpose_check
    CHECK (purpose IN ('sign_in', 'enable_two_step', 'disable_two_step', 'create_account', 'change_email'));

-- The address that the codes of a challenge go to, which is not the account's yet. Written before the challenge.
CREATE TABLE pending_addresses (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    challenge_id uuid NOT NULL,
    email text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, challenge_id)
);

-- Changes that can be undone. The secret of a link is derived from the code key and this id, and stored nowhere.
CREATE TABLE email_changes (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    change_id uuid NOT NULL,
    old_email text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    undo_until timestamptz NOT NULL,
    undone_at timestamptz,
    PRIMARY KEY (account_id, change_id)
);
CREATE UNIQUE INDEX email_changes_by_id ON email_changes (change_id);

-- Writes the deliveries of a challenge's code, in the transaction that makes the code: one to each trusted device, or one to
-- the mailbox.
-- of_account; of_challenge; of_generation; by_method: app or email; by_node: the node that works them; lease: for so many
-- seconds.
-- Returns 1 row. By app: the deliveries, each with its device and how else that is reached, as arrays of one length, which are
-- NULL where no device is trusted. By email: one delivery, the mailbox, and how its owner reads it.
CREATE OR REPLACE FUNCTION plan_deliveries(
    of_account uuid, of_challenge uuid, of_generation integer, by_method text, by_node uuid, lease double precision,
    OUT delivery_ids uuid[], OUT device_ids uuid[], OUT are_notifications_allowed boolean[], OUT have_push_address boolean[],
    OUT are_push_addresses_expired boolean[], OUT email text, OUT locale text, OUT time_zone text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF by_method = 'app' THEN
        WITH planned AS (
            INSERT INTO deliveries (
                account_id, challenge_id, delivery_id, generation, device_id, channel, due_at, claimed_by, lease_until, tries)
            SELECT account_id, of_challenge, gen_random_uuid(), of_generation, device_id, 'websocket', now(), by_node,
                now() + make_interval(secs => lease), 1
            FROM devices
            WHERE account_id = of_account AND is_trusted(trusted_at, last_seen_at)
            RETURNING account_id, delivery_id, device_id
        )
        SELECT array_agg(planned.delivery_id), array_agg(planned.device_id), array_agg(devices.notifications_allowed),
            array_agg(devices.push_address IS NOT NULL), array_agg(devices.push_expired_at IS NOT NULL)
        INTO delivery_ids, device_ids, are_notifications_allowed, have_push_address, are_push_addresses_expired
        FROM planned
        JOIN devices USING (account_id, device_id);
    ELSE
        INSERT INTO deliveries (
            account_id, challenge_id, delivery_id, generation, channel, due_at, claimed_by, lease_until, tries)
        VALUES (of_account, of_challenge, gen_random_uuid(), of_generation, 'email', now(), by_node,
            now() + make_interval(secs => lease), 1)
        RETURNING ARRAY[delivery_id] INTO delivery_ids;
        SELECT coalesce(pending.email, accounts.email, accounts.contact_email), accounts.locale, accounts.time_zone
        INTO email, locale, time_zone
        FROM accounts
        LEFT JOIN pending_addresses pending ON pending.account_id = of_account AND pending.challenge_id = of_challenge
        WHERE accounts.account_id = of_account;
    END IF;
END $$;
