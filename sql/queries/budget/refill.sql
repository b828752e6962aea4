-- Makes a guess budget full again after a success.
-- $1 uuid: account; $2 text: budget.
-- Deletes 0 or 1 row. Index: code_budgets_pkey.
DELETE FROM code_budgets WHERE account_id = $1 AND kind = $2
