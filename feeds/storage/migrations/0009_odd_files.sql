-- The few files that are not simply there with a post: what is counted or looked for among them is found here.
CREATE INDEX file_odd ON file (source, outcome, vanished, sighting) WHERE outcome <> 'item' OR vanished = 1;
DROP INDEX file_unpublished;
