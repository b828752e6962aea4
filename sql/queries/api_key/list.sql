-- Every key of apps' servers, also those that ended, newest first.
-- Returns a row for each. Index: none, there are few.
SELECT api_key_id, name, audience, token_hash, scopes, subject_prefix, created_at, last_used_at, ends_at,
    ends_at IS NULL OR ends_at > now() AS is_good
FROM api_keys
ORDER BY created_at DESC, api_key_id DESC
