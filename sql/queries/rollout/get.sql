-- The rollout switch, and where one account is listed.
-- $1 uuid: account.
-- Returns 1 row; held_percent is NULL unless the rollout holds. Index: rollout_accounts_pkey.
SELECT percent, held_percent, mode, salt, (SELECT listed FROM rollout_accounts WHERE account_id = $1) AS listed FROM rollout
