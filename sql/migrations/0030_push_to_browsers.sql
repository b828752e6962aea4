-- Web Push: browsers and distributors of UnifiedPush are reached like phones, and what goes to a device that gave keys is sealed.

-- Channels that reach a device which is not connected.
CREATE FUNCTION is_push(channel text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT channel IN ('fcm', 'apns', 'webpush')
$$;

ALTER TABLE devices
    -- Public key (65 bytes) and shared secret (16) of RFC 8291; NULL: codes are not sealed for it.
    ADD COLUMN push_keys bytea CHECK (octet_length(push_keys) = 81),
    DROP CONSTRAINT devices_push_kind_check,
    ADD CONSTRAINT devices_push_kind_check CHECK (push_kind IN ('apns_token', 'fcm_token', 'fcm_fid', 'web_push')),
    ADD CONSTRAINT devices_web_push_has_keys CHECK (push_kind <> 'web_push' OR push_keys IS NOT NULL);
ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_channel_check,
    ADD CONSTRAINT deliveries_channel_check CHECK (channel IN ('websocket', 'fcm', 'apns', 'webpush', 'email'));

-- Writes down what devices say about codes that they got over their connections, for those whose delivery nobody else works
-- just now and that no push waits for. Nobody waits here for a lock, so one account does not hold up others; what is left
-- out is to be written alone (sql/queries/delivery/record_receipt.sql).
-- of_accounts, of_challenges, of_generations, by_devices, said: arrays of one length; no device is twice there with the same
-- code; said is shown or not_shown.
-- Returns a row for each that is written or was known, with its place among them from 1.
CREATE OR REPLACE FUNCTION record_receipts(
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
                AND is_push(push.channel) AND push.state = 'pending') AS is_pushed
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
