-- Allows more comparisons, for an account whose lock the transaction holds.
-- $1 uuid: account; $2 text: budget; $3 integer: comparisons allowed since the last success.
-- Changes 0 or 1 row. Index: code_budgets_pkey.
UPDATE code_budgets SET allowed = $3, wait_until = NULL WHERE account_id = $1 AND kind = $2
