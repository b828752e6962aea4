-- The drill: trusted devices that sleep are asked once a week, silently, whether a push reaches them.

-- The last time that a device was asked.
CREATE TABLE reach_drills (
    account_id uuid NOT NULL,
    device_id uuid NOT NULL,
    -- What its receipt names: another one each time.
    drill_id uuid NOT NULL,
    sent_at timestamptz NOT NULL,
    -- What the provider answered, in one word; NULL while it has not.
    outcome text,
    answered_at timestamptz,
    PRIMARY KEY (account_id, device_id),
    FOREIGN KEY (account_id, device_id) REFERENCES devices ON DELETE CASCADE
);
CREATE UNIQUE INDEX reach_drills_by_id ON reach_drills (drill_id);

-- The minute of the week in which a device is asked, 0 to 10079: devices are spread evenly, and each has the same one every week.
CREATE FUNCTION drill_minute(device uuid) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (('x' || substr(encode(sha256(uuid_send(device)), 'hex'), 1, 8))::bit(32)::bigint % 10080)::integer
$$;
CREATE INDEX devices_drill_minute ON devices (drill_minute(device_id));

-- Up to which minute, counted from 1970, devices were asked: one node at a time does that for all.
CREATE TABLE drill_clock (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    last_minute bigint NOT NULL
);
INSERT INTO drill_clock (last_minute) VALUES (0);
