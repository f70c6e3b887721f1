-- name: left_out_clear
DELETE FROM left_out WHERE source = ? AND NOT (reason IN ('rejected', 'not tried') AND digest IN (SELECT value FROM scope))
-- name: left_out_put
INSERT INTO left_out (source, digest, reason, detail, title, guid, address, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (source, digest, reason) DO UPDATE SET number = left_out.number + excluded.number
-- name: left_out_rejected
SELECT digest FROM left_out WHERE source = ? AND reason IN ('rejected', 'not tried') AND digest IN (SELECT value FROM scope)
-- name: rejected_digests
SELECT digest FROM left_out WHERE source = ? AND reason IN ('rejected', 'not tried')
-- name: window_digests
SELECT sighting.digest FROM entry_window JOIN sighting
ON sighting.source = entry_window.source AND sighting.item = entry_window.item AND sighting.place = ''
WHERE entry_window.source = :source
-- name: left_out_counts
SELECT reason, sum(number) FROM left_out GROUP BY reason ORDER BY reason
-- name: left_out_find
SELECT source.name, reason, detail, title, guid, address FROM left_out JOIN source ON source.id = left_out.source
WHERE :wanted IN (title, guid, address) AND :wanted <> '' ORDER BY 1, 2, 4
-- name: left_out_forget
DELETE FROM left_out WHERE source = ?
-- name: window_items
SELECT item FROM entry_window WHERE source = ?
-- name: window_put
INSERT INTO entry_window (source, item) VALUES (?, ?) ON CONFLICT DO NOTHING
-- name: window_drop
DELETE FROM entry_window WHERE source = ? AND item = ?
-- name: window_forget
DELETE FROM entry_window WHERE source = ?
-- name: entries_of_items
SELECT id, source, item, place, strong, data, digest, post FROM sighting
WHERE source = ? AND place = '' AND gone = 0 AND item IN (SELECT value FROM scope)
-- name: entries_by_state
SELECT CASE WHEN sighting.gone THEN 'removed' ELSE post.state END AS standing, count(*), count(DISTINCT sighting.post)
FROM sighting LEFT JOIN post ON post.id = sighting.post WHERE sighting.place = '' GROUP BY standing
-- name: entries_of_files
SELECT count(DISTINCT entry.post) FROM sighting AS entry JOIN post ON post.id = entry.post
WHERE entry.place = '' AND entry.gone = 0 AND post.state = 'live'
  AND EXISTS (SELECT 1 FROM sighting AS file WHERE file.post = entry.post AND file.place <> '' AND file.gone = 0)
-- name: files_by_reason
SELECT reason, count(*) FROM file WHERE vanished = 0 AND (outcome <> 'item' OR vanished = 1)
  AND outcome IN ('ignored', 'unpublished', 'rejected') GROUP BY reason
-- name: posts_titled
SELECT id FROM post WHERE substr(shown, 1, length(:start)) = :start ORDER BY id
-- name: sightings_titled
SELECT post FROM sighting WHERE post IS NOT NULL AND substr(data, 1, length(:start)) = :start ORDER BY gone, post
-- name: posts_of_guid
SELECT post FROM sighting WHERE post IS NOT NULL AND source IN (SELECT id FROM source) AND item IN (:item, 'id:' || :guid, :guid)
UNION SELECT post FROM sighting WHERE post IS NOT NULL AND place = '' AND substr(item, 1, length(:guid) + 4) = 'id:' || :guid || ' '
ORDER BY 1
