CREATE INDEX post_merged ON post (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX post_live ON post (published) WHERE state = 'live';

-- An entry lies in one piece, every format compressed together. It is a cache: the next run renders what is missing.
DROP TABLE entry;
CREATE TABLE entry (
  post INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);
