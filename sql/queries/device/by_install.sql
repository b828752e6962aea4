-- The device of an installation.
-- $1 uuid: account; $2 uuid: installation.
-- Returns 0 or 1 row. Index: devices_account_id_install_id_key.
SELECT device_id FROM devices WHERE account_id = $1 AND install_id = $2
