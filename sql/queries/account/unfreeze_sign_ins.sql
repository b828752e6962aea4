-- Lets new devices sign in again.
-- $1 uuid: account.
-- Changes 1 row, or 0 when it was not frozen. Index: accounts_pkey.
UPDATE accounts SET sign_ins_frozen_at = NULL
WHERE account_id = $1 AND sign_ins_frozen_at IS NOT NULL
