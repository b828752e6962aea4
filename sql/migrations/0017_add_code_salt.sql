-- Random bytes of each challenge that go into its codes, so that neither the code key nor the database alone computes one. NULL:
-- begun before; its codes go without. A challenge lives for a day at most: NOT NULL can follow in a later release.
ALTER TABLE challenges ADD COLUMN code_salt bytea CHECK (octet_length(code_salt) = 16);
