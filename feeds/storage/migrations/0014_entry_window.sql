-- The entries of the last document of each upstream feed: what left it may be what came under another name.
CREATE TABLE entry_window (
  source INTEGER NOT NULL,
  item   TEXT NOT NULL,
  PRIMARY KEY (source, item)
) WITHOUT ROWID;
