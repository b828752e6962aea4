-- Takes the right code of a sign-in, in one call (sql/migrations/0028_verify_sign_ins_in_one_call.sql says what each is).
-- $1 uuid: account; $2 uuid: challenge; $3 integer and $4 text: generation and key of the code that was compared; $5 smallint: attempts
-- that a challenge takes; $6 uuid: notice; $7 bytea: hash of the device's trust token, or NULL; $8 bigint: devices that may be
-- trusted; $9 text: key that tokens are derived with; $10 uuid: device if it is new; $11 uuid: installation; $12, $13, $14, $15 and $16 text: name,
-- model, platform, OS version, app version; $17 text: location or NULL; $18 text: locale or NULL; $19 uuid: session; $20 and $21 bytea: hashes
-- of its access and refresh token; $22 and $23 double precision: their lives in seconds; $24 bigint: sessions that a device may have.
-- Returns 1 row, or none, with nothing written, where the attempt is refused, trust ends by it, or a last resort is waited for, which
-- takes more statements to end. Index: accounts_pkey, recoveries_one_open,
-- code_budgets_pkey, challenges_pkey, devices_account_id_install_id_key, sessions_device, deliveries_pkey.
SELECT met_device, device_name, device_locale AS locale, ended_sessions, for_audience, of_subject, verified_at
FROM accounts
CROSS JOIN LATERAL verify_sign_in(accounts.account_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19, $20, $21, $22, $23, $24)
WHERE accounts.account_id = $1 AND NOT EXISTS (SELECT FROM recoveries WHERE recoveries.account_id = $1 AND outcome IS NULL)
