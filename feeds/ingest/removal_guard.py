"""When the absence of many items is not believed: an unmounted disk must not empty the feeds."""

from __future__ import annotations

_ALWAYS = 20
"""So many may go at once, whatever they are of the whole, as long as something is left."""


def doubt(known: int, going: int, percent: int) -> str:
    """Why the removal of ``going`` of ``known`` items at once is refused, or nothing."""
    if not going:
        return ""
    if going >= known:
        return f"nothing is left of {known} posts"
    if going > _ALWAYS and going * 100 > known * percent:
        return f"{going} of {known} posts are gone at once"
    return ""
