"""Publish: find out which feeds changed, and write their documents, archives, pages and indexes."""
