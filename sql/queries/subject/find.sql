-- The account of a subject.
-- $1 text: subject.
-- Returns 0 or 1 row. Index: accounts_subject_key.
SELECT account_id FROM accounts WHERE subject = $1
