-- Counts the next so many accounts that have two-step verification on by the ways that their owners have left: each trusted device
-- that a code reaches, the recovery codes, an authenticator app, and the mailbox (src/domain/account/ways_left.rs).
-- $1 uuid: the last account so far, or NULL; $2 bigint: how many accounts to look at; $3 boolean: codes may go to mailboxes;
-- $4 double precision: longest life of an access token in seconds, without a new one no connection goes on; $5 double precision:
-- seconds after which a node that was not seen is gone.
-- Returns 1 row: last_account, NULL when there are no more; accounts with no way, one, two, and more. Index: accounts_pkey,
-- devices_pkey, recovery_codes_pkey, authenticators_pkey.
WITH looked_at AS MATERIALIZED (
    SELECT account_id, two_step_enabled_at, coalesce(email, contact_email) IS NOT NULL AS has_mailbox
    FROM accounts
    WHERE account_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid)
    ORDER BY account_id
    LIMIT $2
), counted AS MATERIALIZED (
    SELECT (
            SELECT count(*)
            FROM devices
            LEFT JOIN nodes ON node_id = connected_node AND seen_at > now() - make_interval(secs => $5)
            WHERE devices.account_id = looked_at.account_id AND is_trusted(trusted_at, last_seen_at)
                AND gets_code(node_id IS NOT NULL AND last_seen_at > now() - make_interval(secs => $4),
                    notifications_allowed, push_address, push_expired_at)
        ) + EXISTS (
            SELECT FROM recovery_codes WHERE recovery_codes.account_id = looked_at.account_id AND used_at IS NULL
        )::integer + EXISTS (
            SELECT FROM authenticators WHERE authenticators.account_id = looked_at.account_id AND is_confirmed
        )::integer + (has_mailbox AND $3)::integer AS ways
    FROM looked_at
    WHERE two_step_enabled_at IS NOT NULL
)
SELECT (SELECT account_id FROM looked_at ORDER BY account_id DESC LIMIT 1) AS last_account,
    count(*) FILTER (WHERE ways = 0) AS none, count(*) FILTER (WHERE ways = 1) AS one, count(*) FILTER (WHERE ways = 2) AS two,
    count(*) FILTER (WHERE ways > 2) AS more
FROM counted
