-- Keeps of the answers about an account that is deleted only that it is: who sends the request again must not make it anew.
-- $1 uuid: account.
-- Changes 0 or more rows. Index: idempotent_requests_account.
UPDATE idempotent_requests SET account_id = NULL, status = 410, sealed_answer = ''
WHERE account_id = $1
