-- Whether a sign-in of an installation was verified lately.
-- $1 uuid: account; $2 uuid: installation; $3 double precision: within so many seconds.
-- Returns 1 row. Index: challenges_pkey.
SELECT EXISTS (
    SELECT FROM challenges
    WHERE account_id = $1 AND install_id = $2 AND purpose = 'sign_in' AND outcome = 'verified'
        AND closed_at > now() - make_interval(secs => $3)) AS was_verified
