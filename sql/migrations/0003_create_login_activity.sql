-- The durable, user-visible record, one partition a month (UTC).

CREATE TABLE login_activity (
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    activity_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    outcome text NOT NULL,
    method text CHECK (method IN ('app', 'email')),
    device jsonb,
    ip inet,
    location text,
    challenge_id uuid,
    reported_at timestamptz,
    PRIMARY KEY (account_id, activity_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX login_activity_newest ON login_activity (account_id, at DESC, activity_id DESC);

-- Rows that no month fits: nothing is lost when the monthly step is late.
CREATE TABLE login_activity_default PARTITION OF login_activity DEFAULT;

-- Makes the partitions from this month to `months_ahead` months from now; called at start and daily.
CREATE FUNCTION create_login_activity_partitions(months_ahead integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    month timestamp;
    name text;
BEGIN
    -- One node at a time; the others wait for the transaction and then find the partitions there.
    PERFORM pg_advisory_xact_lock(7239014001);
    FOR ahead IN 0..months_ahead LOOP
        month := first_month + make_interval(months => ahead);
        name := 'login_activity_' || to_char(month, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF login_activity FOR VALUES FROM (%L) TO (%L)',
                name, month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
        END IF;
    END LOOP;
END $$;

-- Drops the partitions whose every row is older than `keep_months` months.
CREATE FUNCTION drop_login_activity_partitions(keep_months integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    oldest text := 'login_activity_' || to_char(date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => keep_months), 'YYYY_MM');
    partition_name text;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(7239014001);
    FOR partition_name IN
        SELECT child.relname FROM pg_inherits
        JOIN pg_class child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'login_activity'::regclass
            AND child.relname ~ '^login_activity_[0-9]{4}_[0-9]{2}$'
            AND child.relname COLLATE "C" < oldest COLLATE "C"
    LOOP
        EXECUTE format('DROP TABLE %I', partition_name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;

SELECT create_login_activity_partitions(3);
