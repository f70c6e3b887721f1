-- Since when a post is withdrawn, seconds since 1970; 0 if it is not.
ALTER TABLE post ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;

-- What subscribers are told for a while: this post has gone from this feed (RFC 6721).
CREATE TABLE tombstone (
  feed INTEGER NOT NULL,
  post INTEGER NOT NULL,
  at   INTEGER NOT NULL,                  -- seconds since 1970
  PRIMARY KEY (feed, post)
) WITHOUT ROWID;

-- A sighting that is gone still recognises its item, and shows nothing.
ALTER TABLE sighting ADD COLUMN gone INTEGER NOT NULL DEFAULT 0;
CREATE INDEX sighting_gone ON sighting (source) WHERE gone = 1;

CREATE INDEX file_unpublished ON file (source) WHERE outcome = 'unpublished' AND sighting IS NOT NULL;
