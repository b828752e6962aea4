-- Counts the trusted devices of some accounts that have two-step verification on, by platform and by how long ago they registered for
-- push, or were met where they did not.
-- $1 uuid: accounts after this one, or NULL; $2 uuid: up to this one; $3 double precision: longest life of an access token in seconds;
-- $4 double precision: seconds after which a node that was not seen is gone.
-- Both tables are bounded: the planner does not carry a bound from one to the other.
-- Returns a row for each platform and age: how many devices, and how many of them a code reaches now. Index: accounts_pkey,
-- devices_pkey.
SELECT platform,
    CASE
        WHEN registered_at > now() - interval '7 days' THEN 'week'
        WHEN registered_at > now() - interval '30 days' THEN 'month'
        WHEN registered_at > now() - interval '90 days' THEN 'quarter'
        ELSE 'older'
    END AS age,
    count(*) AS devices, count(*) FILTER (WHERE gets_code) AS reachable
FROM (
    SELECT platform, coalesce(push_registered_at, devices.created_at) AS registered_at,
        gets_code(node_id IS NOT NULL AND last_seen_at > now() - make_interval(secs => $3),
            notifications_allowed, push_address, push_expired_at) AS gets_code
    FROM accounts
    JOIN devices USING (account_id)
    LEFT JOIN nodes ON node_id = connected_node AND seen_at > now() - make_interval(secs => $4)
    WHERE accounts.account_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND accounts.account_id <= $2
        AND devices.account_id > coalesce($1, '00000000-0000-0000-0000-000000000000'::uuid) AND devices.account_id <= $2
        AND two_step_enabled_at IS NOT NULL AND is_trusted(trusted_at, last_seen_at)
) AS trusted
GROUP BY 1, 2
