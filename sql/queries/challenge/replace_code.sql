-- Moves a challenge to its next code, if nobody else did so meanwhile.
-- $1 uuid: account; $2 uuid: challenge; $3 text: method; $4 integer: new generation; $5 smallint: resends;
-- $6 timestamptz: resend_at; $7 timestamptz: expires_at; $8 integer: the generation it had; $9 text: key of the new code.
-- Changes 0 or 1 row. Index: challenges_pkey.
UPDATE challenges SET method = $3, generation = $4, resends = $5, resend_at = $6, expires_at = $7, key_id = $9,
    method_changes = method_changes + CASE WHEN method <> $3 THEN 1 ELSE 0 END
WHERE account_id = $1 AND challenge_id = $2 AND outcome IS NULL AND expires_at > now() AND generation = $8
