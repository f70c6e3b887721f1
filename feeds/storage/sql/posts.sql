-- name: keys_owned
SELECT EXISTS (SELECT 1 FROM key)
-- name: key_owners
SELECT key, post FROM key WHERE key IN (SELECT value FROM scope)
-- name: key_put
INSERT INTO key (key, post) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET post = excluded.post
-- name: key_drop
DELETE FROM key WHERE key = ? AND post = ?

-- name: last_post
SELECT coalesce(max(id), 0) FROM post
-- name: last_minted
SELECT coalesce(max(minted), 0) FROM post
-- name: posts_by_number
SELECT id, uid, minted, mint_key, strong, merged_into, state, updated, surfaced, early, shown, digest,
  withdrawn
FROM post WHERE id IN (SELECT value FROM scope)
-- name: post_add
INSERT INTO post (id, strong, state, published, updated, surfaced, early, shown, digest)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: post_put
INSERT INTO post (id, strong, state, published, updated, surfaced, early, shown, digest)
VALUES (:id, :strong, :state, :published, :updated, :surfaced, :early, :shown, :digest)
ON CONFLICT (id) DO UPDATE SET
  strong = excluded.strong, state = excluded.state, published = excluded.published, updated = excluded.updated,
  surfaced = excluded.surfaced, early = excluded.early, shown = excluded.shown, digest = excluded.digest,
  merged_into = NULL, reason = '', logged = 0
-- name: post_drop
DELETE FROM post WHERE id = ? AND minted IS NULL
-- name: post_retire
UPDATE post SET state = CASE WHEN withdrawn > 0 THEN 'withdrawn' ELSE 'gone' END, merged_into = ?, logged = 0 WHERE id = ?
-- name: post_state
UPDATE post SET state = ?, reason = ?, logged = 0 WHERE id = ?
-- name: posts_due
SELECT id, published, shown FROM post WHERE state = 'waiting' AND published <= ?
-- name: post_surface
UPDATE post SET state = 'live', surfaced = ?, logged = 0 WHERE id = ?
-- name: posts_unminted
SELECT id FROM post WHERE minted IS NULL AND state NOT IN ('waiting', 'hidden') ORDER BY id
-- name: posts_of_keys
SELECT DISTINCT key, post FROM sighting_key JOIN sighting ON sighting.id = sighting_key.sighting
WHERE gone = 0 AND key IN (SELECT value FROM scope)
-- name: posts_of_strong
SELECT DISTINCT strong, post FROM sighting WHERE gone = 0 AND strong <> '' AND strong IN (SELECT value FROM scope)
-- name: posts_minted
SELECT id FROM post WHERE minted IS NOT NULL AND id IN (SELECT value FROM scope)
-- name: posts_minted_after
SELECT id, uid, mint_key FROM post WHERE minted IS NOT NULL AND id > ? ORDER BY id LIMIT ?
-- name: post_surfaced
SELECT surfaced FROM post WHERE id = ?
-- name: post_seen
SELECT surfaced, updated FROM post WHERE id = ?
-- name: post_dates
SELECT id, surfaced FROM post WHERE uid = ?
-- name: post_mint
UPDATE post SET uid = ?, minted = ?, mint_key = ? WHERE id = ?
-- name: post_mint_key
UPDATE post SET mint_key = ? WHERE id = ? AND mint_key = ?
-- name: post_uid
SELECT uid FROM post WHERE id = ?
-- name: uid_taken
SELECT 1 FROM post WHERE uid = ?
-- name: post_resurface
UPDATE post SET surfaced = ?, updated = max(updated, ?), logged = 0 WHERE id = ?
-- name: member_resurface
UPDATE member SET surfaced = ? WHERE post = ?
-- name: surfaced_out_of_order
SELECT post.uid, post.surfaced, post.updated
FROM feed JOIN member ON member.feed = feed.id JOIN post ON post.id = member.post
WHERE feed.kind = 'all' AND member.surfaced >= :since AND post.surfaced <> post.published
  AND post.uid IS NOT NULL AND post.state = 'live' AND (
    post.surfaced < post.published
    OR EXISTS (SELECT 1 FROM ledger WHERE ledger.kind = 'surfaced' AND ledger.name = post.uid)
    OR EXISTS (SELECT 1 FROM member AS other WHERE other.feed = member.feed AND other.post <> post.id
      AND other.surfaced BETWEEN post.published AND post.surfaced))
-- name: surfaced_last
SELECT max(surfaced) FROM member WHERE feed = (SELECT id FROM feed WHERE kind = 'all')
-- name: aliases_all
SELECT post.uid, heir.uid FROM post JOIN post AS heir ON heir.id = post.merged_into
WHERE post.merged_into IS NOT NULL AND post.uid IS NOT NULL AND heir.uid IS NOT NULL
-- name: uid_live
SELECT 1 FROM post WHERE uid = ? AND state = 'live'
-- name: uids_taken
SELECT uid FROM post WHERE uid IN (SELECT value FROM scope)
-- name: surfaced_by_day
SELECT (member.surfaced + :offset) / 86400, count(*) FROM member JOIN feed ON feed.id = member.feed
WHERE feed.kind = 'all' AND member.surfaced >= :since GROUP BY 1
-- name: sources_latest
SELECT sighting.source, max(post.published) FROM sighting JOIN post ON post.id = sighting.post
WHERE post.state = 'live' GROUP BY sighting.source
-- name: posts_of_state
SELECT state, count(*) FROM post GROUP BY state
-- name: post_of_uid
SELECT id FROM post WHERE uid = ?
-- name: heir_of_uid
WITH RECURSIVE heir (id) AS (
  SELECT merged_into FROM post WHERE uid = ? AND state <> 'live' AND merged_into IS NOT NULL
  UNION SELECT post.merged_into FROM heir JOIN post ON post.id = heir.id WHERE post.merged_into IS NOT NULL)
SELECT heir.id FROM heir JOIN post ON post.id = heir.id WHERE post.merged_into IS NULL
-- name: post_of_alias
WITH RECURSIVE heir (uid) AS (
  SELECT value FROM ledger WHERE kind = 'alias' AND name = ?
  UNION SELECT ledger.value FROM heir JOIN ledger ON ledger.kind = 'alias' AND ledger.name = heir.uid)
SELECT post.id FROM heir JOIN post ON post.uid = heir.uid
-- name: posts_of_key
SELECT DISTINCT sighting.post FROM sighting_key JOIN sighting ON sighting.id = sighting_key.sighting
WHERE sighting_key.key = :key UNION SELECT post FROM sighting WHERE strong <> '' AND strong = :key
-- name: strong_like
SELECT DISTINCT post FROM sighting WHERE strong <> '' AND substr(strong, -length(:value) - 1) = ':' || :value
-- name: aliases_of
SELECT uid FROM post WHERE merged_into = :post
UNION SELECT ledger.name FROM ledger JOIN post ON post.uid = ledger.value
WHERE ledger.kind = 'alias' AND post.id = :post ORDER BY 1
-- name: feeds_of_post
SELECT feed.kind, feed.name, feed.slug, feed.id FROM member JOIN feed ON feed.id = member.feed
WHERE member.post = ? ORDER BY feed.id
-- name: member_put
INSERT INTO member (feed, surfaced, post) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
-- name: members_of_posts
SELECT post, feed FROM member WHERE post IN (SELECT value FROM scope)
-- name: members_drop
DELETE FROM member WHERE post = ?
-- name: entry_drop
DELETE FROM entry WHERE post = ?
-- name: entries_drop
DELETE FROM entry

-- name: ledger_put
INSERT INTO ledger (kind, name, value) VALUES (?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value
-- name: ledger_drop
DELETE FROM ledger WHERE kind = ? AND name = ?
-- name: ledger_get
SELECT value FROM ledger WHERE kind = ? AND name = ?
-- name: ledger_of_kind
SELECT name, value FROM ledger WHERE kind = ?
-- name: ledger_all
SELECT kind, name, value FROM ledger ORDER BY kind, name
-- name: sightings_of_posts
SELECT post, id FROM sighting WHERE gone = 0 AND post IN (SELECT value FROM scope)
-- name: posts_of_files
-- (counting an index takes a twentieth of the time of reading its rows. So only exceptions are read: files that are not
-- posts, posts that are not live, and posts of several sightings)
WITH
  odd AS MATERIALIZED (
    SELECT sighting FROM file WHERE sighting > 0 AND (outcome <> 'item' OR vanished = 1)),
  hidden AS MATERIALIZED (
    SELECT sighting.id FROM post JOIN sighting ON sighting.post = post.id
    WHERE post.state IN ('waiting', 'gone', 'invalid', 'withdrawn', 'expired', 'hidden')
    UNION ALL SELECT id FROM sighting WHERE post IS NULL UNION ALL SELECT id FROM sighting WHERE post <= 0),
  several AS MATERIALIZED (SELECT post FROM sighting WHERE post > 0 GROUP BY post HAVING count(*) > 1),
  shared AS (
    SELECT count(*) AS files FROM several CROSS JOIN sighting CROSS JOIN file
    WHERE sighting.post = several.post AND file.sighting = sighting.id
      AND sighting.id NOT IN (SELECT sighting FROM odd) AND sighting.id NOT IN (SELECT id FROM hidden)
    GROUP BY several.post),
  counted AS (
    SELECT (SELECT count(*) FROM file WHERE sighting > 0) - (SELECT count(*) FROM odd)
      - (SELECT count(*) FROM hidden CROSS JOIN file WHERE file.sighting = hidden.id
         AND hidden.id NOT IN (SELECT sighting FROM odd)) AS files)
SELECT files - (SELECT coalesce(sum(files - 1), 0) FROM shared), files FROM counted
-- name: files_out_of_feeds
SELECT post.state, count(*) FROM post JOIN sighting ON sighting.post = post.id JOIN file ON file.sighting = sighting.id
WHERE post.state IN ('waiting', 'withdrawn', 'expired') AND file.vanished = 0 AND file.outcome = 'item' GROUP BY post.state
-- name: posts_left_out
SELECT file.path, post.reason
FROM file JOIN sighting ON sighting.id = file.sighting JOIN post ON post.id = sighting.post
WHERE file.vanished = 0 AND file.outcome = 'item' AND post.state = 'invalid' ORDER BY file.path
-- name: entries_left_out
SELECT source.name, post.shown, post.reason
FROM post JOIN sighting ON sighting.post = post.id JOIN source ON source.id = sighting.source
WHERE post.state = 'invalid' AND sighting.gone = 0
  AND NOT EXISTS (SELECT 1 FROM file WHERE file.sighting = sighting.id)
ORDER BY source.name, post.id
-- name: posts_invalid
SELECT uid, reason FROM post WHERE state = 'invalid'
-- name: post_reason
SELECT reason FROM post WHERE id = ?
