"""Feeds of others."""
