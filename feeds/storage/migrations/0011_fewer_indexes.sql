-- Posts without an id are found by the index of `minted`. Only entries are searched by digest; their place is empty.
DROP INDEX post_unminted;
DROP INDEX sighting_digest;
CREATE INDEX sighting_digest ON sighting (source, digest) WHERE place = '';
