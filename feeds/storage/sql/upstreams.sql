-- name: upstreams_all
SELECT source.name, upstream.state, upstream.head, upstream.due, upstream.decided_by, upstream.polled,
  upstream.outcome, upstream.reason
FROM upstream JOIN source ON source.id = upstream.source ORDER BY source.id
-- name: upstream_put
INSERT INTO upstream (source, state, due, decided_by, polled, outcome, reason)
VALUES (:source, :state, :due, :decided_by, :polled, :outcome, :reason)
ON CONFLICT (source) DO UPDATE SET
  state = excluded.state, due = excluded.due, decided_by = excluded.decided_by, polled = excluded.polled,
  outcome = excluded.outcome, reason = excluded.reason
-- name: upstream_head
UPDATE upstream SET head = ? WHERE source = ?
-- name: upstream_state
UPDATE upstream SET state = ? WHERE source = ?
-- name: upstream_list
UPDATE upstream SET list = ? WHERE source = ?
-- name: lists_all
SELECT source.name, upstream.list FROM upstream JOIN source ON source.id = upstream.source
WHERE upstream.list IS NOT NULL
-- name: upstream_drop
DELETE FROM upstream WHERE source = ?
-- name: hosts_held
SELECT name, held_until FROM host
-- name: hosts_drop
DELETE FROM host
-- name: host_put
INSERT INTO host (name, held_until) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until
-- name: sightings_of_digests
SELECT id, source, item, place, strong, data, digest, post FROM sighting
WHERE source = ? AND place = '' AND digest IN (SELECT value FROM scope)
-- name: sightings_of_source_keys
SELECT sighting_key.key, sighting.item FROM sighting_key JOIN sighting ON sighting.id = sighting_key.sighting
WHERE sighting.source = ? AND sighting_key.key IN (SELECT value FROM scope)
-- name: entry_rename
UPDATE sighting SET item = :item WHERE id = :id AND NOT EXISTS (
  SELECT 1 FROM sighting AS other WHERE other.source = sighting.source AND other.item = :item AND other.place = '')
-- name: sightings_kept
SELECT id, item, digest FROM sighting WHERE source = ? AND gone = 0 AND id > ? ORDER BY id LIMIT 500
-- name: sightings_with_keys
SELECT DISTINCT sighting FROM sighting_key WHERE key IN (SELECT value FROM scope)
-- name: sighting_counts
SELECT source, count(*) FROM sighting WHERE gone = 0 GROUP BY source
-- name: request_add
INSERT INTO request (kind, value) VALUES (?, ?)
-- name: requests_all
SELECT id, kind, value FROM request ORDER BY id
-- name: requests_drop_withdrawals
DELETE FROM request WHERE kind IN ('withdraw', 'restore')
-- name: request_drop
DELETE FROM request WHERE id = ?
-- name: changes_elsewhere
SELECT data_version FROM pragma_data_version
-- name: sightings_to_forget
SELECT id, post FROM sighting WHERE source = ? ORDER BY id LIMIT 1000
-- name: files_forget
DELETE FROM file WHERE source = ?
-- name: source_drop
DELETE FROM source WHERE id = ?
