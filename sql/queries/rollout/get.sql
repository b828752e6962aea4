-- The rollout switch, and where one account is listed.
-- $1 uuid: account, or NULL.
-- Returns 1 row. Index: rollout_accounts_pkey.
SELECT percent, salt, (SELECT listed FROM rollout_accounts WHERE account_id = $1) AS listed FROM rollout
