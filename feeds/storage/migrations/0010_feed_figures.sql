-- The number of posts of a feed and the time of their last change, updated with each post; NULL: to be counted.
ALTER TABLE feed ADD COLUMN posts INTEGER;
ALTER TABLE feed ADD COLUMN latest INTEGER; -- seconds since 1970
UPDATE feed SET posts = (SELECT count(*) FROM member WHERE member.feed = feed.id);

-- The index contains `archive`, because without it the planner scans the whole log of a feed.
DROP INDEX log_open;
CREATE INDEX log_open ON log (feed, archive, position) WHERE archive IS NULL;
