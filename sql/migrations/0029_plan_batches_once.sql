-- What is asked for, or written, many at once. PostgreSQL plans a statement with arrays anew nearly every time, because one
-- that knows how long they are looks cheaper, and the planning costs more than the work; planned once, a join may read whole
-- tables that were small then. So each of these goes by keys, one after the other, or keeps a plan that does.

-- Writes down what devices say about codes that they got over their connections, for those whose delivery nobody else works
-- just now and that no push waits for. Nobody waits here for a lock, so one account does not hold up others; what is left
-- out is to be written alone (sql/queries/delivery/record_receipt.sql).
-- of_accounts, of_challenges, of_generations, by_devices, said: arrays of one length; no device is twice there with the same
-- code; said is shown or not_shown.
-- Returns a row for each that is written or was known, with its place among them from 1.
CREATE FUNCTION record_receipts(
    of_accounts uuid[], of_challenges uuid[], of_generations integer[], by_devices uuid[], said text[]
) RETURNS TABLE (place bigint, is_news boolean) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    known record;
BEGIN
    FOR number IN 1 .. cardinality(of_accounts) LOOP
        SELECT delivery_id, state, EXISTS (
            SELECT FROM deliveries push
            WHERE push.account_id = delivery.account_id AND push.challenge_id = delivery.challenge_id
                AND push.generation = delivery.generation AND push.device_id = delivery.device_id
                AND push.channel IN ('fcm', 'apns') AND push.state = 'pending') AS is_pushed
        INTO known
        FROM deliveries delivery
        WHERE account_id = of_accounts[number] AND challenge_id = of_challenges[number]
            AND generation = of_generations[number] AND device_id = by_devices[number] AND channel = 'websocket'
        FOR UPDATE OF delivery SKIP LOCKED;
        IF NOT FOUND OR known.is_pushed THEN
            CONTINUE;
        END IF;
        is_news := known.state NOT IN ('shown', said[number]);
        IF is_news THEN
            UPDATE deliveries SET
                state = said[number],
                reason = NULL,
                accepted_at = coalesce(accepted_at, now()),
                receipt_at = coalesce(receipt_at, now()),
                due_at = CASE WHEN said[number] = 'shown' THEN NULL ELSE due_at END
            WHERE account_id = of_accounts[number] AND challenge_id = of_challenges[number] AND delivery_id = known.delivery_id;
        END IF;
        place := number;
        RETURN NEXT;
    END LOOP;
END $$;

-- The sessions of access tokens, those that may make calls.
-- hashes: of the tokens.
-- Returns at most a row for each, with its place among the hashes from 1.
CREATE FUNCTION sessions_of_tokens(hashes bytea[]) RETURNS TABLE (
    place bigint, account_id uuid, session_id uuid, device_id uuid, access_expires_at timestamptz, device_trusted boolean,
    locale text, is_first_use boolean
) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT asked.place, session.account_id, session.session_id, session.device_id, session.access_expires_at,
        is_trusted(device.trusted_at, device.last_seen_at), device.locale, session.access_used_at IS NULL
    FROM unnest(hashes) WITH ORDINALITY AS asked (access_hash, place)
    CROSS JOIN LATERAL (SELECT * FROM sessions WHERE sessions.access_hash = asked.access_hash LIMIT 1) session
    JOIN devices device ON device.account_id = session.account_id AND device.device_id = session.device_id
    WHERE session.ended_at IS NULL AND session.access_expires_at > now();
END $$;

-- What connections begin with: the account's open challenges whose code its trusted devices show, and may deny, however that travels;
-- and, after those were read, whether the session goes on: a device that is removed in between gets none of the codes that
-- replace them.
-- of_accounts, of_sessions: arrays of one length; grace: seconds that an access token may be expired.
-- Returns, each with its place among them from 1: at most one row of a session, and up to 3 rows of challenges, oldest first,
-- where session_id is NULL.
CREATE FUNCTION open_connections(of_accounts uuid[], of_sessions uuid[], grace double precision) RETURNS TABLE (
    place bigint, account_id uuid, session_id uuid, device_id uuid, access_expires_at timestamptz, device_trusted boolean,
    locale text, challenge_id uuid, purpose text, generation integer, key_id text, code_salt bytea, digits smallint,
    created_at timestamptz, expires_at timestamptz, requester jsonb, ip text, location text, activity_id uuid,
    address_taken boolean
) LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT asked.place, open.account_id, NULL::uuid, NULL::uuid, NULL::timestamptz, NULL::boolean, NULL::text,
        challenge_id, purpose, generation, key_id, code_salt, digits, created_at, expires_at, requester, host(ip), location,
        activity_id, address_taken
    FROM unnest(of_accounts) WITH ORDINALITY AS asked (account_id, place)
    CROSS JOIN LATERAL (
        SELECT * FROM challenges
        WHERE challenges.account_id = asked.account_id AND purpose IN ('sign_in', 'disable_two_step') AND outcome IS NULL
            AND expires_at > now()
        -- By its index also where the table is hardly known; there are few.
        OFFSET 0
    ) open
    ORDER BY created_at, challenge_id;

    -- A statement of its own, which sees what was committed since.
    RETURN QUERY
    SELECT asked.place, session.account_id, session.session_id, session.device_id, session.access_expires_at,
        is_trusted(device.trusted_at, device.last_seen_at), device.locale, NULL::uuid, NULL::text, NULL::integer, NULL::text,
        NULL::bytea, NULL::smallint, NULL::timestamptz, NULL::timestamptz, NULL::jsonb, NULL::text, NULL::text, NULL::uuid,
        NULL::boolean
    FROM unnest(of_accounts, of_sessions) WITH ORDINALITY AS asked (account_id, session_id, place)
    CROSS JOIN LATERAL (
        SELECT * FROM sessions
        WHERE sessions.account_id = asked.account_id AND sessions.session_id = asked.session_id
        LIMIT 1
    ) session
    JOIN devices device ON device.account_id = session.account_id AND device.device_id = session.device_id
    WHERE session.ended_at IS NULL AND session.access_expires_at > now() - make_interval(secs => grace);
END $$;
