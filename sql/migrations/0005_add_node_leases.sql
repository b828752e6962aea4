-- Which node works a delivery, and for how long. A node that is seen no more loses its leases at once.

CREATE TABLE nodes (
    node_id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE deliveries
    ADD COLUMN claimed_by uuid,
    ADD COLUMN lease_until timestamptz,
    -- What the provider answered, in one word, for support.
    ADD COLUMN detail text,
    -- When a shown notification was taken back because the challenge closed.
    ADD COLUMN withdrawn_at timestamptz;
