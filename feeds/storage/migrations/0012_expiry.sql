-- When the post of a file is to be removed from all feeds, in seconds since 1970.
ALTER TABLE file ADD COLUMN expires INTEGER;
CREATE INDEX file_expiry ON file (expires) WHERE expires IS NOT NULL;
