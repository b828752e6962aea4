-- How many ways in the owners of accounts have left: counted by one node for all.

-- Whether a code reaches a trusted device now: it is connected, or may be notified at an address that is not known to be dead. As
-- src/domain/account/ways_left.rs says.
CREATE FUNCTION gets_code(is_connected boolean, notifications_allowed boolean, push_address text, push_expired_at timestamptz)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT is_connected OR (notifications_allowed AND push_address IS NOT NULL AND push_expired_at IS NULL)
$$;

-- The last count.
CREATE TABLE reach_report (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    counted_at timestamptz NOT NULL,
    -- src/domain/account/ways_left.rs, ReachReport.
    figures jsonb NOT NULL
);

INSERT INTO shared_tasks (task) VALUES ('count_ways');
