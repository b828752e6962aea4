-- Closes the open challenge of a purpose that began first, to make room for a newer one of another installation.
-- $1 uuid: account; $2 text: purpose; $3 text: network that asks for an address to be confirmed, or NULL;
-- $4 uuid: that installation.
-- Returns challenge_id, activity_id, created_at and outcome. Index: challenges_one_open_per_install.
UPDATE challenges SET outcome = 'superseded', superseded_by = 'other_requests', closed_at = now(), password_hash = NULL
WHERE account_id = $1 AND challenge_id = (
    SELECT challenge_id FROM challenges
    WHERE account_id = $1 AND purpose = $2 AND asker IS NOT DISTINCT FROM $3::text::inet AND outcome IS NULL
        AND install_id <> $4
    ORDER BY created_at
    LIMIT 1)
RETURNING challenge_id, activity_id, created_at, outcome
