-- name: tombstones_put
INSERT INTO tombstone (feed, post, at)
SELECT member.feed, member.post, ? FROM member JOIN post ON post.id = member.post
WHERE post.uid IS NOT NULL AND member.post IN (SELECT value FROM scope)
ON CONFLICT (feed, post) DO UPDATE SET at = excluded.at
-- name: tombstones_of_feed
SELECT post.uid, tombstone.at FROM tombstone JOIN post ON post.id = tombstone.post
WHERE tombstone.feed = ? AND tombstone.at >= ? AND post.state IN ('gone', 'withdrawn', 'hidden')
ORDER BY tombstone.at DESC, post.uid LIMIT ?
-- name: post_withdraw
UPDATE post SET state = 'withdrawn', withdrawn = ?, reason = ?, logged = 0 WHERE id = ?
-- name: post_restore
UPDATE post SET state = :state, withdrawn = 0, reason = '', logged = 0,
  surfaced = max(:now, surfaced + 1), updated = max(:now, updated)
WHERE id = :id
-- name: post_hidden
SELECT 1 FROM sighting JOIN sighting_key ON sighting_key.sighting = sighting.id
  JOIN file ON file.page = 'page:' || substr(key, 5) AND file.page > ''
WHERE sighting.post = :id AND sighting.gone = 0 AND substr(key, 1, 4) = 'url:'
  AND NOT EXISTS (SELECT 1 FROM sighting AS other WHERE other.post = :id AND other.gone = 0 AND other.place <> '') LIMIT 1
-- name: posts_withdrawn_untold
SELECT id, uid, surfaced FROM post WHERE state = 'withdrawn' AND uid IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ledger WHERE ledger.kind = 'withdrawn' AND ledger.name = post.uid)
-- name: post_standing
SELECT uid, state, withdrawn, published, shown FROM post WHERE id = ?
-- name: sightings_gone
SELECT item FROM sighting WHERE source = ? AND gone = 1
-- name: sighting_gone
UPDATE sighting SET gone = 1 WHERE id = ?
-- name: sightings_of_guids
SELECT DISTINCT sighting.id, post, item FROM sighting_key JOIN sighting ON sighting.id = sighting_key.sighting
WHERE source = ? AND gone = 0 AND own = 1 AND key IN (SELECT value FROM scope) ORDER BY sighting.id
-- name: sightings_of_post
SELECT id, source FROM sighting WHERE post = ? AND gone = 0
-- name: files_unpublished
SELECT path, sighting FROM file
WHERE source = ? AND outcome = 'unpublished' AND sighting IS NOT NULL AND (outcome <> 'item' OR vanished = 1)
-- name: sources_expiring
SELECT DISTINCT source FROM file WHERE expires >= -62135596800 AND expires <= ? AND outcome = 'item'
-- name: files_expire
UPDATE file SET outcome = 'unpublished', reason = ?, expires = NULL, page = coalesce((
  SELECT key FROM sighting_key WHERE sighting_key.sighting = file.sighting AND own = 1 AND substr(key, 1, 5) = 'page:'), '')
WHERE source = ? AND expires <= ? AND outcome = 'item'
-- name: file_loose
UPDATE file SET sighting = NULL WHERE source = ? AND path = ?
-- name: files_present
SELECT count(*) FROM file WHERE source = ? AND vanished = 0 AND sighting IS NOT NULL
