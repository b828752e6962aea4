-- Makes every guess budget of an account full again, because its owner proved to be there.
-- $1 uuid: account.
-- Deletes 0 or more rows. Index: code_budgets_pkey.
DELETE FROM code_budgets WHERE account_id = $1
