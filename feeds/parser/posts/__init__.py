"""Posts: files with front matter."""
