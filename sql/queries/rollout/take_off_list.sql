-- Takes an account off its list.
-- $1 uuid: account.
-- Changes 0 or 1 row. Index: rollout_accounts_pkey.
DELETE FROM rollout_accounts WHERE account_id = $1
