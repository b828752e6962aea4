-- A device is met, a session begins, and the right code of a sign-in is taken, in one call each.

-- Makes or refreshes the device of an installation after a successful sign-in. A name that its owner gave it stays.
-- of_account; new_device: id to use if the device is new; of_install, named, of_model, of_platform, with_os, with_app,
-- from_location: the device; new_locale: its language, or NULL, which leaves it as it is.
-- Returns 1 row: the device.
CREATE FUNCTION meet_device(
    of_account uuid, new_device uuid, of_install uuid, named text, of_model text, of_platform text, with_os text, with_app text,
    from_location text, new_locale text,
    OUT device_id uuid, OUT name text, OUT locale text, OUT trusted boolean
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO devices (account_id, device_id, install_id, name, model, platform, os_version, app_version, last_location, locale)
    VALUES (of_account, new_device, of_install, named, of_model, of_platform, with_os, with_app, from_location, new_locale)
    ON CONFLICT (account_id, install_id) DO UPDATE SET
        name = CASE WHEN devices.renamed_at IS NULL THEN EXCLUDED.name ELSE devices.name END,
        model = EXCLUDED.model, platform = EXCLUDED.platform, os_version = EXCLUDED.os_version,
        app_version = EXCLUDED.app_version, last_seen_at = now(), last_location = EXCLUDED.last_location,
        locale = coalesce(EXCLUDED.locale, devices.locale)
    RETURNING devices.device_id, devices.name, devices.locale, trusted_at IS NOT NULL
    INTO device_id, name, locale, trusted;
END $$;

-- Makes a session with its refresh token. Of those of its device that go on few may, and the oldest end.
-- of_account; of_session; on_device; hash_of_access, hash_of_refresh: its tokens; access_life, refresh_life: seconds;
-- most_sessions: how many may go on, this one included; from_location: where it began, or NULL.
-- Returns 1 row: the sessions that ended, or NULL.
CREATE FUNCTION create_session(
    of_account uuid, of_session uuid, on_device uuid, hash_of_access bytea, hash_of_refresh bytea, access_life double precision,
    refresh_life double precision, most_sessions bigint, from_location text,
    OUT ended_sessions uuid[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    WITH ended AS (
        UPDATE sessions SET ended_at = now(), end_reason = 'made_room'
        WHERE account_id = of_account AND session_id IN (
            SELECT session_id FROM sessions
            WHERE account_id = of_account AND device_id = on_device AND ended_at IS NULL
            ORDER BY created_at DESC, session_id DESC
            OFFSET most_sessions - 1)
        RETURNING session_id
    )
    SELECT array_agg(session_id) INTO ended_sessions FROM ended;

    INSERT INTO sessions (account_id, session_id, device_id, access_hash, access_expires_at, refresh_expires_at,
        refresh_hash, last_location)
    VALUES (of_account, of_session, on_device, hash_of_access, now() + make_interval(secs => access_life),
        now() + make_interval(secs => refresh_life), hash_of_refresh, from_location);
    INSERT INTO refresh_tokens (account_id, token_hash, session_id) VALUES (of_account, hash_of_refresh, of_session);
END $$;

-- Takes the right code of a sign-in, all in one transaction: the attempt is counted, which a guess budget that waits or is
-- spent, a used-up challenge, its end or a newer code refuse; the challenge is verified, the budget is full again, the owner
-- is told, and a session begins, on a device that is trusted if its user wants that.
-- of_account; of_challenge; compared_generation, compared_key: the code that was compared and is right; most_attempts;
-- of_notice: id of the notice to the owner; trust_hash: hash of the device's trust token, or NULL where it is not to be
-- trusted; most_trusted: devices that may be; with_key: what the tokens are derived with; the others: see meet_device and
-- create_session.
-- Returns 1 row, or none, with nothing written, where the attempt is refused, and where trust in a device ends by it, which the
-- several statements of the general way carry out. audience, subject and created_at are of a sign-in that an app's server
-- began, else NULL.
CREATE FUNCTION verify_sign_in(
    of_account uuid, of_challenge uuid, compared_generation integer, compared_key text, most_attempts smallint,
    of_notice uuid, trust_hash bytea, most_trusted bigint, with_key text,
    new_device uuid, of_install uuid, named text, of_model text, of_platform text, with_os text, with_app text,
    from_location text, new_locale text, of_session uuid, hash_of_access bytea, hash_of_refresh bytea,
    access_life double precision, refresh_life double precision, most_sessions bigint
) RETURNS TABLE (
    met_device uuid, device_name text, device_locale text, ended_sessions uuid[],
    for_audience text, of_subject text, verified_at timestamptz
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    alerts smallint;
    budget record;
    has_budget boolean;
    verified record;
    met record;
BEGIN
    SELECT unanswered_alerts, subject INTO alerts, of_subject FROM accounts WHERE account_id = of_account FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- As budget_allows; and an account that nobody guessed at has no budget to fill again.
    SELECT failures < allowed AND (wait_until IS NULL OR wait_until <= now()) AS allows INTO budget
    FROM code_budgets WHERE account_id = of_account AND kind = 'account';
    has_budget := FOUND;
    IF has_budget AND NOT budget.allows THEN
        RETURN;
    END IF;
    IF trust_hash IS NULL THEN
        -- A device that was trusted and is not to be any more.
        IF EXISTS (SELECT FROM devices WHERE account_id = of_account AND install_id = of_install AND trusted_at IS NOT NULL) THEN
            RETURN;
        END IF;
    ELSIF most_trusted <= (
        SELECT count(*) FROM devices WHERE account_id = of_account AND install_id <> of_install AND trusted_at IS NOT NULL)
    THEN
        RETURN;
    END IF;

    UPDATE challenges SET attempts = attempts + 1, outcome = 'verified', closed_at = now(), password_hash = NULL,
        granted_session_id = of_session, granted_key = with_key
    WHERE account_id = of_account AND challenge_id = of_challenge AND purpose = 'sign_in' AND outcome IS NULL
        AND attempts < most_attempts AND expires_at > now()
        AND generation = compared_generation AND key_id = compared_key AND NOT address_taken
    RETURNING method, activity_id, created_at, requester, ip, location INTO verified;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- A success: the budget is full again, and alerts were answered.
    IF has_budget THEN
        DELETE FROM code_budgets WHERE account_id = of_account AND kind = 'account';
    END IF;
    IF alerts > 0 THEN
        UPDATE accounts SET unanswered_alerts = 0 WHERE account_id = of_account;
    END IF;
    -- The notice that waits for the end of this sign-in becomes the one that tells it, unless it is being sent just now.
    UPDATE notices SET kind = 'new_device_signed_in', requester = verified.requester, ip = verified.ip,
        location = verified.location, install_id = NULL, due_at = now(), created_at = now()
    WHERE account_id = of_account AND kind = 'sign_in_unfinished' AND install_id = of_install AND sent_at IS NULL AND tries = 0;
    IF NOT FOUND THEN
        DELETE FROM notices
        WHERE account_id = of_account AND kind = 'sign_in_unfinished' AND install_id = of_install AND sent_at IS NULL;
        INSERT INTO notices (account_id, notice_id, kind, requester, ip, location)
        VALUES (of_account, of_notice, 'new_device_signed_in', verified.requester, verified.ip, verified.location);
    END IF;

    SELECT * INTO met FROM meet_device(
        of_account, new_device, of_install, named, of_model, of_platform, with_os, with_app, from_location, new_locale);
    IF trust_hash IS NOT NULL THEN
        DELETE FROM trust_tokens WHERE account_id = of_account AND device_id = met.device_id;
        UPDATE devices SET trusted_at = now() WHERE account_id = of_account AND device_id = met.device_id;
        INSERT INTO trust_tokens (account_id, token_hash, device_id) VALUES (of_account, trust_hash, met.device_id);
    END IF;
    ended_sessions := create_session(
        of_account, of_session, met.device_id, hash_of_access, hash_of_refresh, access_life, refresh_life, most_sessions,
        from_location);
    PERFORM settle_challenge(
        of_account, of_challenge, verified.activity_id, verified.created_at, 'succeeded', verified.method, met.device_id,
        of_session);

    IF of_subject IS NOT NULL THEN
        SELECT audience INTO for_audience FROM verifications WHERE account_id = of_account AND challenge_id = of_challenge;
    END IF;
    met_device := met.device_id;
    device_name := met.name;
    device_locale := met.locale;
    verified_at := now();
    RETURN NEXT;
END $$;
