-- What belongs to the end and to the deliveries of a challenge, as functions: one call instead of several statements, and a
-- part of the calls that begin and verify a sign-in (0027, 0028). See docs/decisions/0020-steps-as-functions.md.
--
-- In these functions a name that is both a variable and a column means the column (variable_conflict), so arguments have names
-- that no column has.

-- Writes down everywhere that a challenge is over: nothing of it is delivered any more, its sign-in attempt ended so, and the
-- app whose server began it is told.
-- of_account; of_challenge; of_entry: its entry in the login activity, or NULL; began_at: when the challenge began; ended: how
-- that entry ends; by_method: how its code travelled, or NULL to leave what is there; by_device, by_session: whom it let in, or
-- NULL.
-- Rows of deliveries are locked in the order of their ids, as everywhere.
CREATE FUNCTION settle_challenge(
    of_account uuid, of_challenge uuid, of_entry uuid, began_at timestamptz, ended text, by_method text,
    by_device uuid DEFAULT NULL, by_session uuid DEFAULT NULL
-- Planned once: a plan for one partition looks cheaper than one that finds it, and to make it costs more than both.
) RETURNS void LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    WITH locked AS MATERIALIZED (
        SELECT delivery_id FROM deliveries
        WHERE account_id = of_account AND challenge_id = of_challenge AND due_at IS NOT NULL
        ORDER BY delivery_id
        FOR UPDATE
    )
    UPDATE deliveries SET state = CASE WHEN state = 'pending' THEN 'cancelled' ELSE state END, due_at = NULL
    FROM locked
    WHERE deliveries.account_id = of_account AND deliveries.challenge_id = of_challenge
        AND deliveries.delivery_id = locked.delivery_id AND due_at IS NOT NULL;

    IF of_entry IS NOT NULL THEN
        -- The entry was written in the transaction that began the challenge, at the same time: one partition is looked into.
        UPDATE login_activity SET outcome = ended, method = coalesce(by_method, method),
            device_id = coalesce(by_device, device_id), session_id = coalesce(by_session, session_id)
        WHERE account_id = of_account AND activity_id = of_entry AND at = began_at AND outcome = 'code_required';
    END IF;

    UPDATE verifications SET webhook_due_at = now()
    WHERE account_id = of_account AND challenge_id = of_challenge AND webhook_due_at = 'infinity';
END $$;

-- Writes the deliveries of a challenge's code, in the transaction that makes the code: one to each trusted device, or one to
-- the mailbox.
-- of_account; of_challenge; of_generation; by_method: app or email; by_node: the node that works them; lease: for so many
-- seconds.
-- Returns 1 row. By app: the deliveries, each with its device and how else that is reached, as arrays of one length, which are
-- NULL where no device is trusted. By email: one delivery, the mailbox, and how its owner reads it.
CREATE FUNCTION plan_deliveries(
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
        SELECT coalesce(accounts.email, accounts.contact_email), accounts.locale, accounts.time_zone
        INTO email, locale, time_zone
        FROM accounts
        WHERE account_id = of_account;
    END IF;
END $$;
