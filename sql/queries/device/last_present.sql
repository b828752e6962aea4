-- When a trusted device of an account was last known to be reachable: now while one is connected to a node that lives, else when the
-- last connection ended, or its node was last seen, or a provider or a device last took a code.
-- $1 uuid: account; $2 double precision: longest life of an access token in seconds, without a new one no connection goes on;
-- $3 double precision: seconds after which a node that was not seen is gone.
-- Returns 1 row; last_present is NULL when none ever was. Index: devices_pkey, nodes_pkey, deliveries_pkey.
SELECT greatest(
    (SELECT max(CASE
        WHEN connected_node IS NULL THEN last_connected_at
        WHEN nodes.seen_at > now() - make_interval(secs => $3) AND last_seen_at > now() - make_interval(secs => $2) THEN now()
        ELSE greatest(last_connected_at, least(nodes.seen_at, last_seen_at + make_interval(secs => $2))) END)
     FROM devices
     LEFT JOIN nodes ON nodes.node_id = connected_node
     WHERE account_id = $1 AND is_trusted(trusted_at, last_seen_at)),
    (SELECT max(greatest(accepted_at, receipt_at))
     FROM deliveries
     JOIN devices USING (account_id, device_id)
     WHERE deliveries.account_id = $1 AND deliveries.state IN ('accepted', 'shown')
         AND is_trusted(devices.trusted_at, devices.last_seen_at))
) AS last_present, now() AS now
