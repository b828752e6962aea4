-- A node that does not hear the others says so with its sign of life: the others then look into the database for what it does.

ALTER TABLE nodes ADD COLUMN cut_off boolean NOT NULL DEFAULT false;
