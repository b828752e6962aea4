-- Which address the codes of a challenge go to.
-- $1 uuid: account; $2 uuid: challenge.
-- Returns 0 or 1 row. Index: pending_addresses_pkey.
SELECT email FROM pending_addresses WHERE account_id = $1 AND challenge_id = $2
