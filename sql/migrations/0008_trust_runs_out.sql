-- Trust runs out: 30 days after the device was last seen, 180 days after it was trusted (design section 9). One
-- predicate for every question about trust, so that a device that is in no list gets no code either.
CREATE FUNCTION is_trusted(trusted_at timestamptz, last_seen_at timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT trusted_at IS NOT NULL
        AND trusted_at > now() - interval '180 days' AND last_seen_at > now() - interval '30 days'
$$;
