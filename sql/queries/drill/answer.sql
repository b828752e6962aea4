-- Writes that a device answered a drill; the first time stays.
-- $1 uuid: drill.
-- Returns a row while the drill is the last one of a device that is still trusted, else none. Index: reach_drills_by_id, devices_pkey.
UPDATE reach_drills SET answered_at = coalesce(answered_at, now())
FROM devices
WHERE drill_id = $1 AND devices.account_id = reach_drills.account_id AND devices.device_id = reach_drills.device_id
    AND is_trusted(trusted_at, last_seen_at)
RETURNING drill_id
