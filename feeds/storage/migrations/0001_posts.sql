-- Posts in folders, and the feeds that are made of them.

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE source (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  settings  TEXT NOT NULL DEFAULT '',     -- digest of the settings its items were derived with
  complete  INTEGER NOT NULL DEFAULT 0,   -- its first reading has ended
  last_read TEXT NOT NULL DEFAULT ''
);

-- The change token of a file, stored in the same transaction as its sighting.
CREATE TABLE file (
  source   INTEGER NOT NULL,
  path     TEXT NOT NULL,
  size     INTEGER NOT NULL,
  mtime    INTEGER NOT NULL,              -- nanoseconds
  digest   BLOB NOT NULL,
  outcome  TEXT NOT NULL,                 -- item, ignored, unpublished, rejected
  reason   TEXT NOT NULL DEFAULT '',
  repairs  INTEGER NOT NULL DEFAULT 0,
  sighting INTEGER,
  vanished INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (source, path)
) WITHOUT ROWID;
CREATE INDEX file_sighting ON file (sighting);

CREATE TABLE sighting (
  id     INTEGER PRIMARY KEY,
  source INTEGER NOT NULL,
  item   TEXT NOT NULL,
  place  TEXT NOT NULL,                   -- path of the file
  strong TEXT NOT NULL,
  digest BLOB NOT NULL,                   -- of the payload
  data   TEXT NOT NULL,                   -- JSON: what it says
  post   INTEGER,
  UNIQUE (source, item, place)
);
CREATE INDEX sighting_post ON sighting (post);
CREATE INDEX sighting_strong ON sighting (strong) WHERE strong <> '';

-- Files and entries as they were read, compressed (zstd).
CREATE TABLE payload (
  sighting INTEGER PRIMARY KEY,
  data     BLOB NOT NULL
);

CREATE TABLE sighting_key (
  key      TEXT NOT NULL,
  sighting INTEGER NOT NULL,
  own      INTEGER NOT NULL,              -- a key of the current version
  PRIMARY KEY (key, sighting)
) WITHOUT ROWID;
CREATE INDEX sighting_key_sighting ON sighting_key (sighting);

CREATE TABLE burnt (key TEXT PRIMARY KEY) WITHOUT ROWID;

-- The post that owns a key: this table decides the identity of published posts.
CREATE TABLE key (
  key  TEXT PRIMARY KEY,
  post INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE post (
  id          INTEGER PRIMARY KEY,
  uid         TEXT UNIQUE,                -- the entry's id, once minted
  minted      INTEGER UNIQUE,             -- order of minting
  mint_key    TEXT NOT NULL DEFAULT '',
  strong      TEXT NOT NULL DEFAULT '',
  merged_into INTEGER,
  state       TEXT NOT NULL,              -- live, waiting (dated in the future), gone, invalid
  reason      TEXT NOT NULL DEFAULT '',
  published   INTEGER NOT NULL,           -- seconds since 1970
  updated     INTEGER NOT NULL,           -- seconds since 1970
  surfaced    INTEGER NOT NULL,
  early       INTEGER NOT NULL,           -- came with a source's first reading
  shown       TEXT NOT NULL,              -- JSON
  digest      BLOB NOT NULL
);
CREATE INDEX post_unminted ON post (published) WHERE minted IS NULL;
CREATE INDEX post_waiting ON post (published) WHERE state = 'waiting';
CREATE INDEX post_updated ON post (state, updated);

CREATE TABLE feed (
  id        INTEGER PRIMARY KEY,
  kind      TEXT NOT NULL,
  name      TEXT NOT NULL,
  slug      TEXT,
  folded    TEXT,                         -- the slug as a file system may confuse it
  uid       TEXT,
  updated   INTEGER NOT NULL DEFAULT 0,
  wanted    INTEGER NOT NULL DEFAULT 1,
  published INTEGER NOT NULL DEFAULT 0,
  UNIQUE (kind, name),
  UNIQUE (kind, folded)
);
CREATE INDEX feed_dirty ON feed (id) WHERE wanted <> published;

CREATE TABLE member (
  feed     INTEGER NOT NULL,
  surfaced INTEGER NOT NULL,
  post     INTEGER NOT NULL,
  PRIMARY KEY (feed, surfaced, post)
) WITHOUT ROWID;
CREATE INDEX member_post ON member (post);

-- Entries rendered once, compressed (zstd); a cache that may be dropped.
CREATE TABLE entry (
  post INTEGER PRIMARY KEY,
  atom BLOB,
  rss  BLOB,
  json BLOB
);

-- Written documents: size and mtime show, without reading it, that a document was not changed by others.
CREATE TABLE document (
  path   TEXT PRIMARY KEY,
  feed   INTEGER,
  digest TEXT NOT NULL,
  size   INTEGER NOT NULL,
  mtime  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX document_feed ON document (feed);

-- What cannot be read from the sources again; state/ledger.jsonl is its text.
CREATE TABLE ledger (
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) WITHOUT ROWID;
