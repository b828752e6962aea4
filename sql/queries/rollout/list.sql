-- One page of the accounts on a list, by id.
-- $1 uuid: the last account of the page before, or NULL; $2 bigint: how many.
-- Returns up to $2 rows. Index: rollout_accounts_pkey, accounts_pkey.
SELECT account_id, coalesce(email, contact_email) AS email, listed, listed_at
FROM rollout_accounts JOIN accounts USING (account_id)
WHERE $1::uuid IS NULL OR account_id > $1
ORDER BY account_id
LIMIT $2
