-- Older versions of a post whose title or body changed for readers; only the newest are kept.
CREATE TABLE revision (
  post   INTEGER NOT NULL,
  until  INTEGER NOT NULL,                -- seconds since 1970: when another version took its place
  title  TEXT NOT NULL,
  data   BLOB NOT NULL,                   -- its payload
  source TEXT NOT NULL,
  place  TEXT NOT NULL,
  PRIMARY KEY (post, until)
) WITHOUT ROWID;

-- How far the history of an upstream feed was fetched.
ALTER TABLE upstream ADD COLUMN past TEXT NOT NULL DEFAULT '';
