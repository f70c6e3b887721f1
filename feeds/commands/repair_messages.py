"""Describe in a sentence what is wrong in a post and how feedd repairs it."""

from __future__ import annotations

from datetime import datetime

from feeds.models import Item, Repair


def describe_repair(repair: Repair, item: Item | None = None, path: str = "") -> str:
    """Return the message of ``feedd lint`` for a repair.

    ``item`` is the post at ``path``, if the repair is one of its header.
    """
    key, _, value = repair.old.partition(": ")
    if repair.rule in ("bad-date", "empty-date") and item is not None:
        problem = f"{value.strip()} is not a date" if repair.rule == "bad-date" else f"`{key}` has no date"
        return f"{problem}; using {_describe_date(item, path)}"
    if repair.rule == "empty-title":
        return "no `title`; using the first words of the text"
    if repair.rule == "no-timezone":
        return f"{value} has no time zone; using {repair.new}"
    if repair.rule in ("bad-address", "bad-permalink"):
        return f"`{key}: {value}` is not valid; using {repair.new}"
    if not repair.old:
        return f"missing; adding {repair.new}" if repair.new.strip() else "repaired"
    return f"{repair.old} -> {repair.new}" if repair.new else f"removing {repair.old}"


def _describe_date(item: Item, path: str) -> str:
    date: datetime | None = item.published or item.guess
    if date is None:
        return "the time of the file"
    text = f"{date:%Y-%m-%d}"
    return f"{text} from the file name" if item.published is None and text in path else text
