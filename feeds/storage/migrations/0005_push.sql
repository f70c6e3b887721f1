-- Push (WebSub). All times are seconds since 1970. Due work is part of the state, so that a killed sender
-- continues where it stopped.

-- Subscriptions to documents. `wanted` is the digest of the newest version, `delivered` of the version that the
-- callback accepted last; `due` is set while they differ.
CREATE TABLE push_subscription (
  id        INTEGER PRIMARY KEY,
  topic     TEXT NOT NULL,
  callback  TEXT NOT NULL,
  host      TEXT NOT NULL,
  secret    TEXT NOT NULL,
  ends      INTEGER NOT NULL,
  wanted    TEXT NOT NULL,
  delivered TEXT NOT NULL,
  due       INTEGER,
  tries     INTEGER NOT NULL DEFAULT 0,
  trouble   TEXT NOT NULL DEFAULT '',
  UNIQUE (topic, callback)
);
CREATE INDEX push_subscription_due ON push_subscription (host, due) WHERE due IS NOT NULL;
CREATE INDEX push_subscription_ends ON push_subscription (ends);

-- Every other request to hosts: intents to verify, external hubs to ping, hubs to subscribe at. `serial` counts
-- how often a task was stored: a task that was stored again meanwhile stays.
CREATE TABLE push_task (
  id     INTEGER PRIMARY KEY,
  kind   TEXT NOT NULL,
  name   TEXT NOT NULL,
  host   TEXT NOT NULL,
  data   TEXT NOT NULL,
  due    INTEGER NOT NULL,
  tries  INTEGER NOT NULL DEFAULT 0,
  serial INTEGER NOT NULL DEFAULT 1,
  UNIQUE (kind, name)
);
CREATE INDEX push_task_due ON push_task (host, due);

-- Subscriptions of feedd at other hubs.
CREATE TABLE push_upstream (
  source   TEXT PRIMARY KEY,
  topic    TEXT NOT NULL,
  hub      TEXT NOT NULL,
  secret   TEXT NOT NULL,
  token    TEXT NOT NULL UNIQUE,
  state    TEXT NOT NULL,
  ends     INTEGER NOT NULL,
  received INTEGER NOT NULL,
  trouble  TEXT NOT NULL DEFAULT ''
);
