"""Fetch documents of upstream feeds and files of folders, and detect what has changed."""
