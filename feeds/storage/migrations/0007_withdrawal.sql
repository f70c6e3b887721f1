-- Since when a post is withdrawn, seconds since 1970; 0 if it is not.
ALTER TABLE post ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;

-- Tombstones: this post was removed from this feed (RFC 6721). Documents contain them for a while.
CREATE TABLE tombstone (
  feed INTEGER NOT NULL,
  post INTEGER NOT NULL,
  at   INTEGER NOT NULL,                  -- seconds since 1970
  PRIMARY KEY (feed, post)
) WITHOUT ROWID;

-- A sighting that is gone keeps its keys, so that its item is not new again. It shows nothing.
ALTER TABLE sighting ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sighting_gone ON sighting (source) WHERE gone = 1;

CREATE INDEX file_unpublished ON file (source) WHERE outcome = 'unpublished' AND sighting IS NOT NULL;
