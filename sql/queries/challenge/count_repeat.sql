-- Counts one call that sends the code of a verified challenge again, before anything is compared.
-- $1 uuid: account; $2 uuid: challenge; $3 smallint: how often it may be; $4 double precision: for how long, in seconds.
-- Returns what the right code brought, or no row when it is over. Index: challenges_pkey.
UPDATE challenges SET repeats = repeats + 1
WHERE account_id = $1 AND challenge_id = $2 AND outcome = 'verified' AND granted_key IS NOT NULL
    AND closed_at > now() - make_interval(secs => $4) AND repeats < $3
RETURNING granted_session_id, granted_key
