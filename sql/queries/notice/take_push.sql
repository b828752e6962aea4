-- Takes the push of a notice, once, and tells where it goes: the trusted devices that may be notified.
-- $1 uuid: account; $2 uuid: notice.
-- Returns up to 10 rows. Index: notices_pkey, devices_pkey.
WITH taken AS (
    UPDATE notices SET pushed_at = now()
    WHERE account_id = $1 AND notice_id = $2 AND pushed_at IS NULL
    RETURNING account_id)
SELECT device_id, push_kind, push_address, push_environment, push_keys, locale
FROM taken
JOIN devices USING (account_id)
WHERE is_trusted(trusted_at, last_seen_at) AND notifications_allowed AND push_address IS NOT NULL
