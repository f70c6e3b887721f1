CREATE INDEX post_merged ON post (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX post_live ON post (published) WHERE state = 'live';

-- All formats of an entry are compressed together. The table is a cache: the next run renders missing entries.
DROP TABLE entry;
CREATE TABLE entry (
  post INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);
