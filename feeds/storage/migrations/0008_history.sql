-- What a post showed before it really changed; the newest few are kept.
CREATE TABLE revision (
  post   INTEGER NOT NULL,
  until  INTEGER NOT NULL,                -- seconds since 1970: when another version took its place
  title  TEXT NOT NULL,
  data   BLOB NOT NULL,                   -- its payload
  source TEXT NOT NULL,
  place  TEXT NOT NULL,
  PRIMARY KEY (post, until)
) WITHOUT ROWID;

-- How far the past of an upstream was read.
ALTER TABLE upstream ADD COLUMN past TEXT NOT NULL DEFAULT '';
