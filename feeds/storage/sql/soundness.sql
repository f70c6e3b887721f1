-- name: integrity
PRAGMA integrity_check(3)
-- name: unfitting
SELECT 'sighting', count(*) FROM sighting s WHERE NOT EXISTS (SELECT 1 FROM post WHERE id = s.post)
UNION ALL
SELECT 'sighting', count(*) FROM sighting s
WHERE gone = 0 AND NOT EXISTS (SELECT 1 FROM payload WHERE sighting = s.id)
UNION ALL
SELECT 'sighting_key', count(*) FROM sighting_key k WHERE NOT EXISTS (SELECT 1 FROM sighting WHERE id = k.sighting)
UNION ALL
SELECT 'key', count(*) FROM key k WHERE NOT EXISTS (SELECT 1 FROM post WHERE id = k.post)
UNION ALL
SELECT 'file', count(*) FROM file f
WHERE sighting IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sighting WHERE id = f.sighting)
UNION ALL
SELECT 'member', count(*) FROM member m
WHERE NOT EXISTS (SELECT 1 FROM post WHERE id = m.post) OR NOT EXISTS (SELECT 1 FROM feed WHERE id = m.feed)
UNION ALL
SELECT 'log', count(*) FROM log l
WHERE NOT EXISTS (SELECT 1 FROM post WHERE id = l.post) OR NOT EXISTS (SELECT 1 FROM feed WHERE id = l.feed)
UNION ALL
SELECT 'post', count(*) FROM post p
WHERE merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM post WHERE id = p.merged_into)
-- name: unreadable
SELECT 'sighting', count(*) FROM sighting WHERE NOT json_valid(data)
UNION ALL
SELECT 'post', count(*) FROM post WHERE NOT json_valid(shown)
-- name: payloads_packed
SELECT source.name || ': ' || sighting.place, payload.data FROM payload
JOIN sighting ON sighting.id = payload.sighting JOIN source ON source.id = sighting.source
-- name: entries_packed
SELECT 'the entry of post ' || coalesce(post.uid, post.id), entry.data FROM entry JOIN post ON post.id = entry.post
