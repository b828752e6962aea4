-- Which clock the owner of an account reads: mails say when in it. NULL: nobody said; then it is UTC.
ALTER TABLE accounts ADD COLUMN time_zone text;

-- How often the code of a challenge changed the way it travels: the first change need not wait.
ALTER TABLE challenges ADD COLUMN method_changes smallint NOT NULL DEFAULT 0;
