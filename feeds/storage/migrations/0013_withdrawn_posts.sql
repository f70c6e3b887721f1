-- Each run looks for withdrawn posts that the ledger does not have yet; there are few of them.
CREATE INDEX post_withdrawn ON post (withdrawn) WHERE withdrawn > 0;
