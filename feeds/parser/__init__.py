"""From bytes to items: files of posts in every dialect of front matter, documents of upstreams in every format."""
