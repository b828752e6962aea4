-- How many challenges of an account are open, and when the first of them ends.
-- $1 uuid: account; $2 text: purpose; $3 uuid: an installation whose own does not count, or NULL; $4 text:
-- network that asks for an address to be confirmed, or NULL.
-- Returns 1 row. Index: challenges_one_open_per_install.
SELECT count(*) AS open, min(expires_at) AS first_expires_at
FROM challenges
WHERE account_id = $1 AND purpose = $2 AND outcome IS NULL AND expires_at > now()
    AND asker IS NOT DISTINCT FROM $4::text::inet
    AND ($3::uuid IS NULL OR install_id <> $3)
