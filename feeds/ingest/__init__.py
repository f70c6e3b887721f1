"""Poll upstream feeds, parse their documents, store the entries and fetch their history."""
