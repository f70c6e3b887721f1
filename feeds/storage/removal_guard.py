"""Refuse the removal of many items at once: an unmounted disk must not empty the feeds."""

from __future__ import annotations

_ALWAYS = 20
"""This many items may be removed at once, whatever the percentage, as long as some are left."""


def check_removals(known: int, going: int, percent: int) -> str:
    """Return why the removal of ``going`` of ``known`` items at once is refused; empty if it is accepted."""
    if not going:
        return ""
    # Even one post of one: an empty folder is more often a mistake than intended.
    if going >= known:
        return f"all {known} posts are gone at once"
    # A percentage alone would refuse the deletion of two posts in a small folder.
    if going > _ALWAYS and going * 100 > known * percent:
        return f"{going} of {known} posts are gone at once"
    return ""
