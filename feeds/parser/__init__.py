"""Parse bytes to items: post files in every dialect of front matter, upstream documents in every feed format.

``posts`` parses files, ``feeds`` parses fetched documents, ``lists`` parses lists of feeds. All of it is pure.
"""
