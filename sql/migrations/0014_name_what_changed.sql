-- The device that a change is about, where another one made it: its name as it was then.
ALTER TABLE login_activity ADD COLUMN about text;
