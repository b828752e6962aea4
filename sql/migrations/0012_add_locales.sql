-- Which language a device's user reads (a BCP 47 tag), and the mails to an account; NULL where nobody said.
ALTER TABLE devices ADD COLUMN locale text CHECK (char_length(locale) BETWEEN 2 AND 35);
ALTER TABLE accounts ADD COLUMN locale text CHECK (char_length(locale) BETWEEN 2 AND 35);
