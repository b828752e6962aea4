-- Writes how a sign-in attempt ended, once.
-- $1 uuid: account; $2 uuid: entry; $3 text: outcome; $4 text: method or NULL to leave it.
-- Changes 0 or 1 row. Index: login_activity_pkey.
UPDATE login_activity SET outcome = $3, method = coalesce($4, method)
WHERE account_id = $1 AND activity_id = $2 AND outcome = 'code_required'
