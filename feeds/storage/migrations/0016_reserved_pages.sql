-- Key of the page of an unpublished file: an entry of an upstream feed with this address is not published either.
ALTER TABLE file ADD COLUMN page TEXT NOT NULL DEFAULT '';
CREATE INDEX file_page ON file (page) WHERE page > '';
-- Earlier versions did not find the page, so unpublished files are read again.
UPDATE file SET size = -1, digest = x'' WHERE outcome = 'unpublished';
