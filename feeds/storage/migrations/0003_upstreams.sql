-- The state of each upstream feed between two polls, and the hosts that must not be requested for a while.
CREATE TABLE upstream (
  source     INTEGER PRIMARY KEY,
  state      TEXT NOT NULL DEFAULT '{}',  -- JSON: validators, redirects, failures
  head       TEXT NOT NULL DEFAULT '{}',  -- JSON: what the feed says of itself
  list       BLOB,                        -- of an OPML list: its last good bytes
  due        INTEGER NOT NULL DEFAULT 0,  -- seconds since 1970
  decided_by TEXT NOT NULL DEFAULT '',
  polled     INTEGER,                     -- seconds since 1970
  outcome    TEXT NOT NULL DEFAULT '',    -- new, same, gone, failed, delayed
  reason     TEXT NOT NULL DEFAULT ''
);
CREATE INDEX upstream_due ON upstream (due);

CREATE TABLE host (
  name       TEXT PRIMARY KEY,
  held_until TEXT NOT NULL
) WITHOUT ROWID;

CREATE INDEX sighting_digest ON sighting (source, digest);

-- Requests of other commands to a running daemon.
CREATE TABLE request (
  id    INTEGER PRIMARY KEY,
  kind  TEXT NOT NULL,                    -- reload, forget
  value TEXT NOT NULL DEFAULT ''
);
