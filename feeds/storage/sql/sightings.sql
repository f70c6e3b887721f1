-- name: version
SELECT user_version FROM pragma_user_version
-- name: create_scope
CREATE TEMP TABLE IF NOT EXISTS scope (value PRIMARY KEY) WITHOUT ROWID
-- name: clear_scope
DELETE FROM scope
-- name: fill_scope
INSERT INTO scope (value) VALUES (?) ON CONFLICT DO NOTHING

-- name: source_all
SELECT id, name, settings, complete, last_read FROM source ORDER BY id
-- name: source_add
INSERT INTO source (name) VALUES (?) ON CONFLICT (name) DO NOTHING
-- name: source_settle
UPDATE source SET settings = :settings, complete = 1, last_read = :now WHERE id = :id

-- name: files_of_source
SELECT path, size, mtime, digest, sighting, vanished, outcome FROM file WHERE source = ?
-- name: files_there
SELECT path, size, mtime FROM file WHERE source = ? AND vanished = 0 ORDER BY path
-- name: files_vanished
-- (SQLite uses the partial index `file_odd` only if its condition is repeated; `+` keeps the planner from a full scan)
SELECT path, size, mtime, digest, sighting, vanished, outcome FROM file
WHERE +source = ? AND vanished = 1 AND (outcome <> 'item' OR vanished = 1)
-- name: files_of_paths
SELECT path, size, mtime, digest, sighting, vanished, outcome FROM file
WHERE source = ? AND path IN (SELECT value FROM scope)
-- name: file_put
INSERT INTO file (source, path, size, mtime, digest, outcome, reason, repairs, sighting, expires, page)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, path) DO UPDATE SET
  size = excluded.size, mtime = excluded.mtime, digest = excluded.digest, outcome = excluded.outcome,
  reason = excluded.reason, repairs = excluded.repairs, vanished = 0, expires = excluded.expires,
  page = CASE WHEN excluded.outcome = 'rejected' THEN file.page ELSE excluded.page END,
  sighting = coalesce(excluded.sighting, file.sighting)
-- name: file_touch
UPDATE file SET size = ?, mtime = ?, vanished = 0 WHERE source = ? AND path = ?
-- name: file_vanish
UPDATE file SET vanished = ? WHERE source = ? AND path = ?
-- name: file_drop
DELETE FROM file WHERE source = ? AND path = ?
-- name: pages_reserved
SELECT DISTINCT page FROM file WHERE page > '' AND page IN (SELECT value FROM scope)
-- name: pages_of_files
SELECT DISTINCT page FROM file WHERE source = ? AND page > '' AND path IN (SELECT value FROM scope)
-- name: pages_of_source
SELECT DISTINCT page FROM file WHERE source = ? AND page > ''
-- name: pages_exist
SELECT EXISTS (SELECT 1 FROM file WHERE page > '')
-- name: file_counts
SELECT outcome, vanished, count(*), sum(repairs > 0) FROM file WHERE source = ? GROUP BY outcome, vanished
-- name: files_in_all
SELECT count(*) FROM file WHERE source = ?
-- name: files_odd
SELECT outcome, vanished, count(*) FROM file WHERE source = ? AND (outcome <> 'item' OR vanished = 1)
GROUP BY outcome, vanished
-- name: files_troubled
SELECT path, outcome, reason FROM file
WHERE +source = ? AND outcome = 'rejected' AND vanished = 0 AND (outcome <> 'item' OR vanished = 1) ORDER BY +path
-- name: file_of_path
SELECT source.name, file.path, file.outcome, file.reason, file.sighting, file.vanished
FROM source CROSS JOIN file ON source.id = file.source
WHERE file.path = :path OR substr(file.path, -length(:path) - 1) = '/' || :path
ORDER BY file.path <> :path, source.name <> :source, length(file.path), 1, 2

-- name: last_sighting
SELECT coalesce(max(id), 0) FROM sighting
-- name: sightings_of_items
SELECT id, item, place, strong, digest, data, post FROM sighting
WHERE source = ? AND item IN (SELECT value FROM scope)
-- name: sightings_of_paths
SELECT sighting.id, sighting.source, sighting.item, sighting.place, strong, data, sighting.digest, post
FROM file JOIN sighting ON sighting.id = file.sighting AND sighting.place = file.path
WHERE file.source = ? AND file.path IN (SELECT value FROM scope)
-- name: sightings_by_number
SELECT id, source, item, place, strong, data, digest, post FROM sighting
WHERE gone = 0 AND id IN (SELECT value FROM scope)
-- name: sightings_of_posts_with_keys
SELECT sighting.id, source, item, place, strong, data, digest, post, key, own
FROM scope CROSS JOIN sighting ON sighting.post = scope.value LEFT JOIN sighting_key ON sighting_key.sighting = sighting.id
WHERE gone = 0
-- name: posts_of_sightings
SELECT id, post FROM sighting WHERE post IS NOT NULL AND id IN (SELECT value FROM scope)
-- name: sightings_by_key
SELECT DISTINCT sighting FROM sighting_key WHERE key IN (SELECT value FROM scope)
-- name: sightings_by_strong
SELECT id FROM sighting WHERE strong <> '' AND strong IN (SELECT value FROM scope)
-- name: sightings_by_post
SELECT id FROM sighting WHERE post IN (SELECT value FROM scope)
-- name: keys_of_sightings
SELECT sighting, key, own FROM sighting_key WHERE sighting IN (SELECT value FROM scope)
-- name: sighting_add
INSERT INTO sighting (id, source, item, place, strong, digest, data, post) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
-- name: sighting_key_add
INSERT INTO sighting_key (key, sighting, own) VALUES (?, ?, 1)
-- name: sighting_key_add_past
INSERT INTO sighting_key (key, sighting, own) VALUES (?, ?, 0) ON CONFLICT DO NOTHING
-- name: sighting_strengthen
UPDATE sighting SET strong = ? WHERE id = ?
-- name: payload_add
INSERT INTO payload (sighting, data) VALUES (?, ?)
-- name: places_met
SELECT path FROM file WHERE source = ? AND sighting IS NOT NULL AND path IN (SELECT value FROM scope)
-- name: keys_met
SELECT DISTINCT key FROM sighting_key WHERE key IN (SELECT value FROM scope)
-- name: strong_met
SELECT DISTINCT strong FROM sighting WHERE strong <> '' AND strong IN (SELECT value FROM scope WHERE value < '"')
-- name: sighting_put
INSERT INTO sighting (id, source, item, place, strong, digest, data, post) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET item = excluded.item, strong = excluded.strong, digest = excluded.digest, data = excluded.data,
  gone = 0
-- name: sighting_drop
DELETE FROM sighting WHERE id = ?
-- name: sighting_keys_drop
DELETE FROM sighting_key WHERE sighting = ?
-- name: sighting_key_put
INSERT INTO sighting_key (key, sighting, own) VALUES (?, ?, ?)
ON CONFLICT (key, sighting) DO UPDATE SET own = excluded.own
-- name: sighting_settle
UPDATE sighting SET post = ? WHERE id = ?
-- name: payload_put
INSERT INTO payload (sighting, data) VALUES (?, ?) ON CONFLICT (sighting) DO UPDATE SET data = excluded.data
-- name: payload_drop
DELETE FROM payload WHERE sighting = ?
-- name: payloads_get
SELECT sighting.id, payload.data, source.name, sighting.place
FROM payload JOIN sighting ON sighting.id = payload.sighting JOIN source ON source.id = sighting.source
WHERE payload.sighting IN (SELECT value FROM scope)
-- name: burnt_all
SELECT key FROM burnt
-- name: burnt_add
INSERT INTO burnt (key) VALUES (?) ON CONFLICT DO NOTHING

-- name: sightings_numbers
SELECT id FROM sighting

-- name: sightings_after
SELECT id, source, item, data, post FROM sighting WHERE id > ? ORDER BY id LIMIT ?
-- name: sighting_rename
UPDATE sighting SET item = ? WHERE id = ?
-- name: sighting_key_drop
DELETE FROM sighting_key WHERE key = ? AND sighting = ?
-- name: key_held
SELECT 1 FROM sighting_key JOIN sighting ON sighting.id = sighting_key.sighting WHERE key = ? AND post = ? LIMIT 1
