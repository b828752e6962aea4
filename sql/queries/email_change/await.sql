-- Writes down which address the codes of a challenge go to, before the challenge begins.
-- $1 uuid: account; $2 uuid: challenge; $3 text: address.
-- Inserts 1 row.
INSERT INTO pending_addresses (account_id, challenge_id, email) VALUES ($1, $2, $3)
