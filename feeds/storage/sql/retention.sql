-- name: posts_too_old
SELECT id FROM post WHERE state IN ('live', 'expired') AND published < ?
-- name: posts_too_many
SELECT id FROM post WHERE state IN ('live', 'expired') ORDER BY published DESC, id DESC LIMIT -1 OFFSET ?
-- name: posts_of_source
SELECT DISTINCT post.id, post.published FROM post JOIN sighting ON sighting.post = post.id
WHERE sighting.source = ? AND sighting.gone = 0 AND post.state IN ('live', 'expired') ORDER BY post.published DESC, post.id DESC
-- name: sources_of_posts
SELECT DISTINCT post, source FROM sighting WHERE gone = 0 AND post IN (SELECT value FROM scope)
-- name: posts_expired
SELECT id, shown, surfaced FROM post WHERE state = 'expired'
-- name: post_expire
UPDATE post SET state = 'expired', logged = 0 WHERE id = ?
-- name: post_revive
UPDATE post SET state = 'live', logged = 0 WHERE id = ?

-- name: revision_put
INSERT INTO revision (post, until, title, data, source, place) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (post, until) DO NOTHING
-- name: revisions_thin
DELETE FROM revision WHERE post = :post AND until NOT IN (
  SELECT until FROM revision WHERE post = :post ORDER BY until DESC LIMIT :keep)
-- name: revisions_of
SELECT until, title, data, source, place FROM revision WHERE post = ? ORDER BY until DESC
-- name: upstream_past
SELECT past FROM upstream WHERE source = ?
-- name: upstream_past_put
INSERT INTO upstream (source, past) VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET past = excluded.past
-- name: items_of_source
SELECT item FROM sighting WHERE source = ? AND item IN (SELECT value FROM scope)
