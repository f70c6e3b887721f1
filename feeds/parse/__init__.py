"""From the bytes of a file to an item: encodings, front matter dialects and their repair, Jekyll's meaning, Liquid."""
