-- Whether the wait of a recovery is over, so that the mailbox counts.
-- $1 uuid: account.
-- Returns 1 row. Index: recoveries_one_open.
SELECT EXISTS (
    SELECT FROM recoveries WHERE account_id = $1 AND outcome IS NULL AND ready_at <= now() AND usable_until > now()) AS is_ready
