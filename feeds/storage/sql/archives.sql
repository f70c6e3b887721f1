-- name: log_pending
SELECT count(*) FROM post WHERE logged = 0
-- name: log_append
-- (`|| ''`, `coalesce` and `+ 0` keep the planner from a scan of all live posts or of the whole log of a feed)
INSERT INTO log (feed, position, post, surfaced, updated)
SELECT fresh.feed,
  coalesce((SELECT position FROM log WHERE log.feed = fresh.feed ORDER BY position DESC LIMIT 1), 0)
    + row_number() OVER (PARTITION BY fresh.feed ORDER BY fresh.surfaced, fresh.uid),
  fresh.post, fresh.surfaced, fresh.updated
FROM (
  SELECT member.feed, member.post, member.surfaced, post.updated, post.uid
  FROM post JOIN member ON member.post = post.id
  WHERE post.logged = 0 AND post.state || '' = 'live' AND coalesce(post.uid, '') <> '' AND NOT EXISTS (
    SELECT 1 FROM log WHERE log.post = post.id AND log.feed + 0 = member.feed
      AND log.surfaced = member.surfaced AND log.updated = post.updated)
  UNION ALL
  SELECT member.feed, ghost.post, ghost.surfaced, -1, post.uid
  FROM ghost JOIN member ON member.post = ghost.post JOIN post ON post.id = ghost.post
) AS fresh
-- name: ghosts_create
CREATE TEMP TABLE IF NOT EXISTS ghost (post INTEGER NOT NULL, surfaced INTEGER NOT NULL)
-- name: ghosts_clear
DELETE FROM ghost
-- name: ghost_put
INSERT INTO ghost (post, surfaced) VALUES (?, ?)
-- name: ghosts_told
SELECT post.id, ledger.value, (SELECT max(surfaced) FROM log WHERE log.post = post.id)
FROM ledger JOIN post ON post.uid = ledger.name
WHERE ledger.kind = 'sealed' AND post.logged = 0 AND post.state || '' = 'live'
-- name: ghost_feeds
SELECT DISTINCT feed FROM log WHERE updated = -1 AND archive IS NULL
-- name: log_of_feed
SELECT position, post, updated FROM log WHERE feed = ? AND archive IS NULL ORDER BY position
-- name: ghost_stays
UPDATE log SET surfaced = (SELECT post.surfaced FROM post WHERE post.id = log.post),
  updated = (SELECT post.updated FROM post WHERE post.id = log.post)
WHERE feed = ? AND position = ?
-- name: ghosts_lay
DELETE FROM log WHERE updated = -1
-- name: versions_sealed
SELECT post.uid, log.surfaced FROM log JOIN post ON post.id = log.post
WHERE post.logged = 0 AND post.state || '' = 'live' AND coalesce(log.archive, 0) > 0 AND log.surfaced < post.surfaced
-- name: archive_taint
UPDATE archive SET stale = 1 WHERE (feed, number) IN (
  SELECT log.feed, log.archive FROM log JOIN post ON post.id = log.post
  WHERE post.logged = 0 AND post.state IN ('gone', 'withdrawn', 'expired', 'hidden') AND post.merged_into IS NULL AND log.archive IS NOT NULL)
-- name: log_purge
DELETE FROM log WHERE post IN (
  SELECT id FROM post WHERE logged = 0 AND state IN ('gone', 'withdrawn', 'expired', 'hidden') AND merged_into IS NULL)
-- name: log_done
UPDATE post SET logged = 1 WHERE logged = 0 AND (uid IS NOT NULL OR state NOT IN ('live', 'waiting'))

-- name: log_open_counts
SELECT feed FROM log WHERE archive IS NULL AND feed IN (SELECT value FROM scope)
GROUP BY feed HAVING count(*) > ?
-- name: log_open
-- (the join searches the index `log_open` first; without it the planner scans the whole log of the feed)
SELECT log.position, log.post, post.uid, post.published, post.updated
FROM log AS ending CROSS JOIN log ON log.feed = ending.feed AND log.position = ending.position
JOIN member ON member.feed = log.feed AND member.surfaced = log.surfaced AND member.post = log.post
JOIN post ON post.id = log.post
WHERE ending.feed = ? AND ending.archive IS NULL AND post.state = 'live' AND post.updated = log.updated
ORDER BY log.position
-- name: log_sweep
DELETE FROM log WHERE feed = ? AND archive IS NULL AND position <= ?
-- name: log_seal
UPDATE log SET archive = ? WHERE feed = ? AND position = ?
-- name: log_of_archive
SELECT post.id, post.uid, post.published, log.updated
FROM log JOIN post ON post.id = log.post WHERE log.feed = ? AND log.archive = ?
-- name: archive_of_post
SELECT max(archive) FROM log WHERE feed = ? AND post = ?
-- name: log_forget
DELETE FROM log WHERE feed = ?

-- name: archive_put
INSERT INTO archive (feed, number) VALUES (?, ?)
-- name: archives_latest
SELECT feed, max(number) FROM archive GROUP BY feed
-- name: archives_stale
SELECT feed, number FROM archive WHERE stale = 1 ORDER BY feed, number
-- name: archive_clean
UPDATE archive SET stale = 0 WHERE feed = ? AND number = ?
-- name: archives_forget
DELETE FROM archive WHERE feed = ?
-- name: archives_abandoned
SELECT DISTINCT feed FROM archive WHERE feed IN (SELECT value FROM scope)
  AND NOT EXISTS (SELECT 1 FROM member WHERE member.feed = archive.feed)
