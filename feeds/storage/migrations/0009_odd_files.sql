-- An index of the few files without a post: counts and searches need not read all files.
CREATE INDEX file_odd ON file (source, outcome, vanished, sighting) WHERE outcome <> 'item' OR vanished = 1;
DROP INDEX file_unpublished;
