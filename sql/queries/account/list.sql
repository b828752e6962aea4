-- One page of the accounts that their owners confirmed or an app keeps, by id, which is the order in which they were made.
-- $1 text: how their address or subject begins, in lower case for addresses, or empty for all; $2 uuid: the last account of the page before,
-- or NULL; $3 bigint: how many.
-- Returns up to $3 rows. Index: accounts_pkey, accounts_email_key, accounts_subject_key, devices_pkey.
SELECT account_id, coalesce(email, contact_email) AS email, subject, two_step_enabled_at IS NOT NULL AS two_step_enabled,
    sign_ins_frozen_at IS NOT NULL AS sign_ins_frozen, created_at,
    (SELECT count(*) FROM devices
        WHERE devices.account_id = accounts.account_id
            AND is_trusted(devices.trusted_at, devices.last_seen_at)) AS trusted_devices
FROM accounts
WHERE ($2::uuid IS NULL OR account_id > $2)
    AND (email_verified_at IS NOT NULL OR subject IS NOT NULL)
    AND ($1 = '' OR email ^@ lower($1) OR subject ^@ $1)
ORDER BY account_id
LIMIT $3
