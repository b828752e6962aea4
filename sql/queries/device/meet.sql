-- Makes or refreshes the device of an installation after a successful sign-in. A name that its owner gave it stays
-- (sql/migrations/0028_verify_sign_ins_in_one_call.sql).
-- $1 uuid: account; $2 uuid: device id to use if it is new; $3 uuid: installation; $4 text: name; $5 text: model;
-- $6 text: platform; $7 text: OS version; $8 text: app version; $9 text: location or NULL; $10 text: locale or
-- NULL, which leaves it as it is.
-- Returns 1 row. Index: devices_account_id_install_id_key.
SELECT device_id, name, locale, trusted FROM meet_device($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
