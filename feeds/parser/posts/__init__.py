"""Parse post files: front matter, Liquid, and the rules of static site generators."""
