-- name: meta_get
SELECT value FROM meta WHERE name = ?
-- name: meta_put
INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: feed_number
SELECT id FROM feed WHERE kind = ? AND name = ?
-- name: feed_slug
SELECT slug FROM feed WHERE kind = ? AND name = ?
-- name: feed_add
INSERT INTO feed (kind, name, posts, latest) VALUES (?, ?, 0, -9000000000000000000) ON CONFLICT (kind, name) DO NOTHING
-- name: feeds_all
SELECT id, kind, name, slug, uid, updated, posts FROM feed WHERE slug IS NOT NULL ORDER BY id
-- name: feeds_nameless
SELECT feed.id, feed.kind, feed.name, min(post.published) AS first, min(post.uid)
FROM (SELECT id, kind, name FROM feed WHERE slug IS NULL) AS feed
CROSS JOIN member CROSS JOIN post  -- in this order, because a feed without a slug is rare
WHERE member.feed = feed.id AND post.id = member.post GROUP BY feed.id ORDER BY first, feed.name, feed.kind
-- name: slugs_taken
SELECT folded FROM feed WHERE kind = ? AND folded IS NOT NULL
-- name: feeds_slugs
SELECT id, kind, name, slug FROM feed WHERE slug IS NOT NULL AND kind <> 'all'
-- name: feed_unname
UPDATE feed SET slug = NULL, folded = NULL WHERE id = ?
-- name: feed_mint
UPDATE feed SET slug = ?, folded = ?, uid = ? WHERE id = ?
-- name: feed_touch
UPDATE feed SET wanted = wanted + 1, posts = NULL, latest = NULL WHERE id = ?
-- name: feeds_touch_all
UPDATE feed SET wanted = wanted + 1, posts = NULL, latest = NULL
-- name: feed_change
-- (`more` is the change of the number of posts; `joined` and `left` are the latest changes of posts that joined or left)
UPDATE feed SET wanted = wanted + 1, posts = posts + :more, latest = CASE
  WHEN :joined >= latest THEN :joined WHEN :left >= latest THEN NULL ELSE latest END
WHERE id = :feed
-- name: feeds_unsure
UPDATE feed SET latest = NULL WHERE id IN (
  SELECT feed FROM member WHERE post IN (SELECT value FROM scope))
-- name: feeds_count
UPDATE feed SET
  posts = (SELECT count(*) FROM member WHERE member.feed = feed.id),
  latest = (SELECT max(post.updated) FROM member CROSS JOIN post WHERE member.feed = feed.id AND post.id = member.post)
WHERE wanted <> published AND (posts IS NULL OR latest IS NULL)
-- name: feeds_figures
SELECT id, posts, latest FROM feed WHERE wanted <> published
-- name: feeds_dirty
SELECT id, kind, name, slug, uid, updated, wanted FROM feed WHERE wanted <> published AND slug IS NOT NULL ORDER BY id
-- name: feeds_wanted
SELECT id, wanted FROM feed WHERE wanted <> published
-- name: feeds_published
SELECT id, published FROM feed WHERE id IN (SELECT value FROM scope)
-- name: feed_settle
UPDATE feed SET published = ?, updated = ? WHERE id = ?
-- name: feed_counts
SELECT feed, count(*) FROM member GROUP BY feed
-- name: window
SELECT post.id, post.uid, post.published FROM member JOIN post ON post.id = member.post
WHERE member.feed = ? AND post.state = 'live' AND post.uid IS NOT NULL ORDER BY member.surfaced DESC, post.uid DESC LIMIT ?
-- name: feed_latest
SELECT max(post.updated) FROM member JOIN post ON post.id = member.post
WHERE member.feed = ? AND post.state = 'live'

-- name: posts_shown
SELECT post.id, post.uid, post.published, post.updated, post.shown FROM post
WHERE post.id IN (SELECT value FROM scope)
-- name: entries_known
SELECT post, whole FROM entry WHERE post IN (SELECT value FROM scope)
-- name: entry_put
INSERT INTO entry (post, data, whole) VALUES (?, ?, ?)
ON CONFLICT (post) DO UPDATE SET data = excluded.data, whole = excluded.whole
-- name: entries_get
SELECT post.id, post.uid, post.published, entry.data FROM post JOIN entry ON entry.post = post.id
WHERE post.id IN (SELECT value FROM scope)

-- name: documents_all
SELECT path, digest, size, mtime, feed FROM document
-- name: documents_count
SELECT count(*) FROM document
-- name: documents_of_feeds
SELECT path, digest, feed FROM document WHERE feed IN (SELECT value FROM scope)
-- name: documents_of_none
SELECT path, digest, feed FROM document WHERE feed IS NULL
-- name: documents_of_paths
SELECT path, digest, feed FROM document WHERE path IN (SELECT value FROM scope)
-- name: document_put
INSERT INTO document (path, feed, digest, size, mtime) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (path) DO UPDATE SET feed = excluded.feed, digest = excluded.digest, size = excluded.size, mtime = excluded.mtime
-- name: document_drop
DELETE FROM document WHERE path = ?
