-- Everything that is kept about an account, without what would let anybody in: hashes, salts, push addresses and their keys.
-- $1 uuid: account.
-- Returns 0 or 1 row. Index: accounts_pkey and the primary keys of what refers to accounts.
SELECT jsonb_build_object(
    'account', to_jsonb(accounts) - 'password_hash',
    'devices', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - '{push_address,push_keys}'::text[] ORDER BY created_at), '[]')
        FROM devices AS kept WHERE kept.account_id = accounts.account_id),
    'sessions', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - '{access_hash,refresh_hash}'::text[] ORDER BY created_at), '[]')
        FROM sessions AS kept WHERE kept.account_id = accounts.account_id),
    'challenges', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - '{token_hash,password_hash,code_salt}'::text[] ORDER BY created_at), '[]')
        FROM challenges AS kept WHERE kept.account_id = accounts.account_id),
    'deliveries', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY created_at), '[]')
        FROM deliveries AS kept WHERE kept.account_id = accounts.account_id),
    'verifications', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY challenge_id), '[]')
        FROM verifications AS kept WHERE kept.account_id = accounts.account_id),
    'notices', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY created_at), '[]')
        FROM notices AS kept WHERE kept.account_id = accounts.account_id),
    'recovery_codes', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - '{code_hash,salt}'::text[] ORDER BY made_at), '[]')
        FROM recovery_codes AS kept WHERE kept.account_id = accounts.account_id),
    'authenticators', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - 'sealed' ORDER BY made_at), '[]')
        FROM authenticators AS kept WHERE kept.account_id = accounts.account_id),
    'password_resets', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY created_at), '[]')
        FROM password_resets AS kept WHERE kept.account_id = accounts.account_id),
    'pending_addresses', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY created_at), '[]')
        FROM pending_addresses AS kept WHERE kept.account_id = accounts.account_id),
    'recoveries', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY asked_at), '[]')
        FROM recoveries AS kept WHERE kept.account_id = accounts.account_id),
    'email_changes', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY changed_at), '[]')
        FROM email_changes AS kept WHERE kept.account_id = accounts.account_id),
    'login_activity', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY at), '[]')
        FROM login_activity AS kept WHERE kept.account_id = accounts.account_id),
    'code_budgets', (SELECT coalesce(jsonb_agg(to_jsonb(kept) ORDER BY kind), '[]')
        FROM code_budgets AS kept WHERE kept.account_id = accounts.account_id),
    'reach_drills', (SELECT coalesce(jsonb_agg(to_jsonb(kept) - 'drill_id' ORDER BY sent_at), '[]')
        FROM reach_drills AS kept WHERE kept.account_id = accounts.account_id),
    'rollout_accounts', (SELECT coalesce(jsonb_agg(to_jsonb(kept)), '[]')
        FROM rollout_accounts AS kept WHERE kept.account_id = accounts.account_id)
) AS export
FROM accounts
WHERE account_id = $1
