-- A challenge begins, and a sign-in begins, in one call each.

-- Starts a challenge with all that begins with it: what the same installation left open is closed, the deliveries are planned,
-- the attempt is written into the login activity, the owner is told of a sign-in that is not finished in time, and the app
-- whose server began it is noted. Call it under the account's lock.
-- of_account; of_challenge; hash_of_token; for_purpose; by_method; of_key, of_salt, of_digits: what its code is derived with;
-- resend_wait, lifetime: seconds; of_install, from_device (jsonb), from_ip, from_location: who asks; of_session: the session
-- that asks, or NULL; new_password_hash, is_address_taken, by_network: of a code that confirms an address; of_entry,
-- of_kind, acting_device, acting_session: its entry in the login activity, what that tells and who acts, or NULL; of_notice: the notice of a sign-in that is not
-- finished, or NULL, due in notice_wait seconds unless one was sent within notice_pause seconds; for_audience: the app
-- whose server began it, or NULL, which is told the end if tells_end; by_node, lease: who works the deliveries.
-- Returns 1 row: plan_deliveries' columns, and what was closed as arrays of one length (NULL where nothing was).
CREATE FUNCTION start_challenge(
    of_account uuid, of_challenge uuid, hash_of_token bytea, for_purpose text, by_method text, of_key text, of_salt bytea,
    of_digits smallint, resend_wait double precision, lifetime double precision, of_install uuid, from_device jsonb, from_ip inet,
    from_location text, of_session uuid, new_password_hash text, is_address_taken boolean, by_network inet, of_entry uuid,
    of_kind text, acting_device uuid, acting_session uuid, of_notice uuid, notice_wait double precision, notice_pause double precision, for_audience text,
    tells_end boolean, by_node uuid, lease double precision,
    OUT delivery_ids uuid[], OUT device_ids uuid[], OUT are_notifications_allowed boolean[], OUT have_push_address boolean[],
    OUT are_push_addresses_expired boolean[], OUT email text, OUT locale text, OUT time_zone text,
    OUT closed_ids uuid[], OUT closed_outcomes text[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    closed record;
BEGIN
    FOR closed IN
        UPDATE challenges SET
            outcome = CASE WHEN expires_at > now() THEN 'superseded' ELSE 'expired' END,
            superseded_by = 'newer_request', closed_at = now(), password_hash = NULL
        WHERE account_id = of_account AND install_id = of_install AND purpose = for_purpose
            AND asker IS NOT DISTINCT FROM by_network AND outcome IS NULL
        RETURNING challenge_id, activity_id, created_at, outcome
    LOOP
        PERFORM settle_challenge(
            of_account, closed.challenge_id, closed.activity_id, closed.created_at, closed.outcome, NULL);
        closed_ids := array_append(closed_ids, closed.challenge_id);
        closed_outcomes := array_append(closed_outcomes, closed.outcome);
    END LOOP;

    INSERT INTO challenges (
        account_id, challenge_id, token_hash, purpose, method, key_id, code_salt, digits, resend_at, created_at, expires_at,
        install_id, requester, ip, location, session_id, password_hash, address_taken, activity_id, asker)
    VALUES (of_account, of_challenge, hash_of_token, for_purpose, by_method, of_key, of_salt, of_digits,
        now() + make_interval(secs => resend_wait), now(), now() + make_interval(secs => lifetime),
        of_install, from_device, from_ip, from_location, of_session, new_password_hash, is_address_taken, of_entry, by_network);

    SELECT planned.* INTO delivery_ids, device_ids, are_notifications_allowed, have_push_address, are_push_addresses_expired,
        email, locale, time_zone
    FROM plan_deliveries(of_account, of_challenge, 1, by_method, by_node, lease) planned;

    IF of_entry IS NOT NULL THEN
        INSERT INTO login_activity (account_id, activity_id, at, kind, outcome, method, device, ip, location, challenge_id,
            device_id, session_id)
        VALUES (of_account, of_entry, now(), of_kind, 'code_required', by_method,
            jsonb_build_object('name', from_device -> 'name', 'model', from_device -> 'model', 'platform', from_device -> 'platform'),
            from_ip, from_location, of_challenge, acting_device, acting_session);
    END IF;

    -- One an installation waits, and after one was sent there is none for a while.
    IF of_notice IS NOT NULL AND NOT EXISTS (
        SELECT FROM notices
        WHERE account_id = of_account AND kind = 'sign_in_unfinished'
            AND (sent_at > now() - make_interval(secs => notice_pause) OR (sent_at IS NULL AND install_id = of_install)))
    THEN
        INSERT INTO notices (account_id, notice_id, kind, requester, ip, location, install_id, due_at)
        VALUES (of_account, of_notice, 'sign_in_unfinished', from_device, from_ip, from_location, of_install,
            now() + make_interval(secs => notice_wait));
    END IF;

    IF for_audience IS NOT NULL THEN
        INSERT INTO verifications (account_id, challenge_id, audience, webhook_due_at)
        VALUES (of_account, of_challenge, for_audience, CASE WHEN tells_end THEN timestamptz 'infinity' END);
    END IF;
END $$;

-- Whether a code may be compared by a guess budget (Budget::check in src/domain/challenge/guess_budget.rs). Ask under the
-- account's lock.
CREATE FUNCTION budget_allows(of_account uuid, of_kind text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM FROM code_budgets
    WHERE account_id = of_account AND kind = of_kind AND (failures >= allowed OR wait_until > now());
    RETURN NOT FOUND;
END $$;

-- Begins a sign-in of a device that shows no trust token and needs a code, all in one transaction: the account is locked,
-- asked whether a code may be asked for, and its challenge starts.
-- of_subject: whom an app's server names, or NULL; else known_account, whose password was checked against checked_hash.
-- needs_mailbox: the app names a mailbox that the account would get if it had none. new_locale: the language that the app names,
-- or NULL. most_open: sign-ins that may wait at the same time. by_api_key, hash_of_key: the request's idempotency key, or NULL. The
-- others: see start_challenge.
-- Returns 1 row, or none, with nothing written, where it is not so simple: there is no such account, its password changed,
-- two-step verification is off, sign-ins are frozen, the guess budget allows nothing now, too many wait, or the request came before. Then the several
-- statements of the general way find out why.
CREATE FUNCTION begin_sign_in(
    of_subject text, known_account uuid, checked_hash text, needs_mailbox boolean, new_locale text, most_open bigint,
    of_challenge uuid, hash_of_token bytea, of_key text, of_salt bytea, of_digits smallint, resend_wait double precision,
    lifetime double precision, of_install uuid, from_device jsonb, from_ip inet, from_location text, of_entry uuid,
    of_notice uuid, notice_wait double precision, notice_pause double precision, for_audience text, tells_end boolean,
    by_node uuid, lease double precision, by_api_key uuid, hash_of_key bytea
) RETURNS TABLE (
    account uuid, mailbox text, mailbox_changed timestamptz, began_at timestamptz,
    delivery_ids uuid[], device_ids uuid[], are_notifications_allowed boolean[], have_push_address boolean[],
    are_push_addresses_expired boolean[], closed_ids uuid[], closed_outcomes text[]
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    found_account record;
    started record;
BEGIN
    IF of_subject IS NOT NULL THEN
        SELECT account_id, password_hash, coalesce(email, contact_email) AS email, mailbox_changed_at, locale,
            two_step_enabled_at, sign_ins_frozen_at
        INTO found_account FROM accounts WHERE subject = of_subject FOR UPDATE;
    ELSE
        SELECT account_id, password_hash, coalesce(email, contact_email) AS email, mailbox_changed_at, locale,
            two_step_enabled_at, sign_ins_frozen_at
        INTO found_account FROM accounts WHERE account_id = known_account AND password_hash = checked_hash FOR UPDATE;
    END IF;
    IF NOT FOUND OR found_account.two_step_enabled_at IS NULL OR found_account.sign_ins_frozen_at IS NOT NULL
        OR (needs_mailbox AND found_account.email IS NULL)
        OR NOT budget_allows(found_account.account_id, 'account')
        OR most_open <= (
            SELECT count(*) FROM challenges
            WHERE account_id = found_account.account_id AND purpose = 'sign_in' AND outcome IS NULL AND expires_at > now()
                AND asker IS NULL AND install_id <> of_install)
        OR (by_api_key IS NOT NULL AND EXISTS (
            SELECT FROM idempotent_requests WHERE api_key_id = by_api_key AND key_hash = hash_of_key))
    THEN
        RETURN;
    END IF;

    IF new_locale IS DISTINCT FROM found_account.locale AND new_locale IS NOT NULL THEN
        UPDATE accounts SET locale = new_locale WHERE account_id = found_account.account_id;
    END IF;

    SELECT * INTO started FROM start_challenge(
        found_account.account_id, of_challenge, hash_of_token, 'sign_in', 'app', of_key, of_salt, of_digits, resend_wait,
        lifetime, of_install, from_device, from_ip, from_location, NULL, NULL, false, NULL, of_entry, 'sign_in', NULL, NULL,
        of_notice,         notice_wait, notice_pause, for_audience, tells_end, by_node, lease);
    account := found_account.account_id;
    mailbox := found_account.email;
    mailbox_changed := found_account.mailbox_changed_at;
    began_at := now();
    delivery_ids := started.delivery_ids;
    device_ids := started.device_ids;
    are_notifications_allowed := started.are_notifications_allowed;
    have_push_address := started.have_push_address;
    are_push_addresses_expired := started.are_push_addresses_expired;
    closed_ids := started.closed_ids;
    closed_outcomes := started.closed_outcomes;
    RETURN NEXT;
END $$;
