-- How many codes of fewer digits than the longest were compared for an address that is to be confirmed, those that its open
-- challenges still allow included, besides the one of the installation that asks anew, which is about to end. A challenge that was verified does not count: it was no guess, and whether there was one must not
-- tell a taken address from a free one.
-- $1 uuid: account; $2 smallint: most digits; $3 smallint: attempts a challenge takes; $4 uuid: that
-- installation; $5 text: the network that it asks from, or NULL.
-- Returns 1 row. Index: challenges_pkey.
SELECT coalesce(sum(CASE
    WHEN outcome IS NULL AND expires_at > now() AND (install_id <> $4 OR asker IS DISTINCT FROM $5::text::inet) THEN $3
    ELSE attempts END), 0)::integer AS guesses
FROM challenges
WHERE account_id = $1 AND purpose = 'create_account' AND digits < $2
    AND outcome IS DISTINCT FROM 'verified'
