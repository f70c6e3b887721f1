-- An entry lies in one piece, every format compressed together. It is a cache: the next run renders what is missing.
DROP TABLE entry;
CREATE TABLE entry (
  post INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);
