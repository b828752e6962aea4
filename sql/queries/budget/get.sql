-- How a guess budget stands.
-- $1 uuid: account; $2 text: budget.
-- Returns 1 row, or none when nobody guessed yet. Index: code_budgets_pkey.
SELECT failures, allowed, wait_until FROM code_budgets WHERE account_id = $1 AND kind = $2
