-- Posts without an id are found by the index of `minted`. Digests are asked of entries only: files have a place.
DROP INDEX post_unminted;
DROP INDEX sighting_digest;
CREATE INDEX sighting_digest ON sighting (source, digest) WHERE place = '';
