-- Each build counts the entries of upstream feeds. A store of folders has none, and must not pay for the count.
CREATE INDEX sighting_entry ON sighting (post, gone) WHERE place = '';
