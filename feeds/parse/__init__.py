"""From the bytes of a file to an item: encodings, front matter dialects, Jekyll's meaning, Liquid."""
