"""Describe in a sentence what is wrong in a post and how feedd repairs it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from feeds.models import Item, Repair
from feeds.parser.posts.front_matter_repair import KNOWN_KEYS


def describe_repair(
    repair: Repair, item: Item | None = None, path: str = "", keys: Collection[str] = ()
) -> str:
    """Return the message of ``feedd lint`` for a repair.

    Args:
        repair: The repair.
        item: The post, if the repair is one of its header.
        path: File name of the post.
        keys: The keys of its header.
    """
    key, _, value = repair.old.partition(": ")
    if repair.rule in ("bad-date", "empty-date") and item is not None:
        problem = f"{value.strip()} is not a date" if repair.rule == "bad-date" else f"`{key}` has no date"
        return f"{problem}; using {_describe_date(item, path)}"
    if repair.rule == "no-date":
        typo = _find_typo("date", keys)
        return f"no `date`{f' (found `{typo}`: typo?)' if typo else ''}; using {repair.new}"
    if repair.rule == "empty-title":
        typo = _find_typo("title", keys)
        return f"no `title`{f' (found `{typo}`: typo?)' if typo else ''}; using the first words of the text"
    if repair.rule == "no-timezone":
        return f"{value} has no time zone; using {repair.new}"
    if repair.rule in ("bad-address", "bad-permalink"):
        return f"`{key}: {value}` is not valid; using {repair.new}"
    if not repair.old:
        return f"missing; adding {repair.new}" if repair.new.strip() else "repaired"
    return f"{repair.old} -> {repair.new}" if repair.new else f"removing {repair.old}"


def _find_typo(wanted: str, keys: Collection[str]) -> str:
    """Return the key that most resembles a key that is not there; keys with a meaning of their own do not count."""
    # Imported late, because few posts need it.
    from difflib import get_close_matches

    folded = {key.lower(): key for key in keys}
    close = get_close_matches(wanted, folded.keys() - KNOWN_KEYS, 1, 0.7)
    return folded[close[0]] if close and wanted not in folded else ""


def _describe_date(item: Item, path: str) -> str:
    date: datetime | None = item.published or item.guess
    if date is None:
        return "the time of the file"
    text = f"{date:%Y-%m-%d}"
    return f"{text} from the file name" if item.published is None and text in path else text
