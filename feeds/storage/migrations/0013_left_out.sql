-- Entries of the last document of an upstream feed that became no item, each with the reason.
CREATE TABLE left_out (
  source  INTEGER NOT NULL,
  digest  BLOB NOT NULL,                  -- of the entry, as it was fetched
  reason  TEXT NOT NULL,                  -- repeated, rejected, too long, not tried, removed, unreadable
  detail  TEXT NOT NULL,
  title   TEXT NOT NULL,
  guid    TEXT NOT NULL,
  address TEXT NOT NULL,
  number  INTEGER NOT NULL,               -- how many such entries the document has
  PRIMARY KEY (source, digest, reason)
) WITHOUT ROWID;
