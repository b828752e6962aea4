-- Closes what the same installation left open, out of date or not.
-- $1 uuid: account; $2 uuid: installation; $3 text: purpose; $4 text: network that asks for an address to be
-- confirmed, or NULL.
-- Returns challenge_id, activity_id and outcome of each. Index: challenges_one_open_per_install.
UPDATE challenges SET
    outcome = CASE WHEN expires_at > now() THEN 'superseded' ELSE 'expired' END,
    superseded_by = 'newer_request', closed_at = now(), password_hash = NULL
WHERE account_id = $1 AND install_id = $2 AND purpose = $3 AND asker IS NOT DISTINCT FROM $4::text::inet AND outcome IS NULL
RETURNING challenge_id, activity_id, outcome
