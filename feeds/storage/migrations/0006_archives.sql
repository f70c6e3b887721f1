-- The log of each feed: every version of a post in order of arrival. Archives are cut from it.
CREATE TABLE log (
  feed     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  post     INTEGER NOT NULL,
  surfaced INTEGER NOT NULL,              -- with `updated`: which version of the post
  updated  INTEGER NOT NULL,
  archive  INTEGER,                       -- the sealed document that holds it; NULL: none yet
  PRIMARY KEY (feed, position)
) WITHOUT ROWID;
CREATE INDEX log_post ON log (post, feed);
CREATE INDEX log_open ON log (feed, position) WHERE archive IS NULL;
CREATE INDEX log_archive ON log (feed, archive) WHERE archive IS NOT NULL;

-- Closed archives: `stale` is set while an entry must be removed from the document.
CREATE TABLE archive (
  feed   INTEGER NOT NULL,
  number INTEGER NOT NULL,                -- from 1, the oldest
  stale  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (feed, number)
) WITHOUT ROWID;
CREATE INDEX archive_stale ON archive (feed, number) WHERE stale = 1;

-- Whether the logs have the present version of a post, or its removal.
ALTER TABLE post ADD COLUMN logged INTEGER NOT NULL DEFAULT 0;
CREATE INDEX post_unlogged ON post (id) WHERE logged = 0;

-- An entry that only archives need has only their formats.
ALTER TABLE entry ADD COLUMN whole INTEGER NOT NULL DEFAULT 1;
