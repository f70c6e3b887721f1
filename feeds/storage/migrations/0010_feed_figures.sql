-- How many posts a feed has and when one of them changed last, kept as posts come; NULL: to be counted again.
ALTER TABLE feed ADD COLUMN posts INTEGER;
ALTER TABLE feed ADD COLUMN latest INTEGER; -- seconds since 1970
UPDATE feed SET posts = (SELECT count(*) FROM member WHERE member.feed = feed.id);

-- With `archive` in it, for without it the planner goes through the whole log of a feed.
DROP INDEX log_open;
CREATE INDEX log_open ON log (feed, archive, position) WHERE archive IS NULL;
