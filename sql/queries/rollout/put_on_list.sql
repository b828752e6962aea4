-- Puts an account on a list, and takes it off the other one.
-- $1 uuid: account; $2 text: list.
-- Returns the account on its list; no row when there is no such account. Index: accounts_pkey, rollout_accounts_pkey.
WITH account AS (SELECT account_id, coalesce(email, contact_email) AS email FROM accounts
    WHERE account_id = $1 FOR KEY SHARE),
put AS (
    INSERT INTO rollout_accounts (account_id, listed) SELECT account_id, $2 FROM account
    ON CONFLICT (account_id) DO UPDATE SET listed = excluded.listed, listed_at = excluded.listed_at
    RETURNING account_id, listed, listed_at
)
SELECT account_id, email, listed, listed_at FROM put JOIN account USING (account_id)
