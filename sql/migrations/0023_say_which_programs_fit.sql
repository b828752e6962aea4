-- The oldest program that this schema works with, by the number of its own last migration. A migration that older programs cannot
-- live with raises it; others leave it as it is, and an older program starts beside a newer one, or after it.
CREATE TABLE schema_compatibility (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    oldest_migration integer NOT NULL
);
INSERT INTO schema_compatibility (oldest_migration) VALUES (23);

-- The role that serves needs no right to create or drop tables: whoever migrates owns these two, and they act for it. Nobody else may
-- call them unless the owner says so: they could empty the login activity (docs/operations.md, "Roles of the database").
REVOKE EXECUTE ON FUNCTION create_login_activity_partitions(integer), drop_login_activity_partitions(integer) FROM PUBLIC;
ALTER FUNCTION create_login_activity_partitions(integer) SECURITY DEFINER;
ALTER FUNCTION drop_login_activity_partitions(integer) SECURITY DEFINER;
DO $$
DECLARE
    place text := current_schema();
BEGIN
    -- A function that acts for its owner must not look names up where its caller says (PostgreSQL 17 documentation, CREATE FUNCTION).
    -- pg_catalog is looked into first without being named; named, it would be where tables are made.
    EXECUTE format('ALTER FUNCTION create_login_activity_partitions(integer) SET search_path = %I, pg_temp', place);
    EXECUTE format('ALTER FUNCTION drop_login_activity_partitions(integer) SET search_path = %I, pg_temp', place);
END $$;
