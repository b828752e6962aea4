-- Keeps the secret of an authenticator app that is not confirmed yet, in the place of an earlier one of the kind.
-- $1 uuid: account; $2 text: code key; $3 bytea: sealed secret; $4 uuid and $5 uuid: device and session that ask.
-- Inserts or changes 1 row. Index: authenticators_pkey.
INSERT INTO authenticators (account_id, is_confirmed, key_id, sealed, device_id, session_id)
VALUES ($1, false, $2, $3, $4, $5)
ON CONFLICT (account_id, is_confirmed) DO UPDATE
    SET key_id = EXCLUDED.key_id, sealed = EXCLUDED.sealed, last_step = 0, attempts = 0, made_at = now(),
        device_id = EXCLUDED.device_id, session_id = EXCLUDED.session_id
