"""Store which entries of an upstream feed became no item, and count what became of all items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from feeds.storage.sqlite import Database

Reason = Literal["repeated", "rejected", "too long", "not tried", "removed", "unreadable"]

REASONS: dict[Reason, str] = {
    "repeated": "it equals another entry of the document",
    "rejected": "it was rejected",
    "too long": "it is too long",
    "not tried": "other entries used the time for the document",
    "removed": "the feed has removed it with a tombstone",
    "unreadable": "it contains no entry that can be read",
}
"""What each reason means."""

_STATES = {
    "waiting": "scheduled",
    "withdrawn": "withdrawn",
    "expired": "older than `keep` allows",
    "gone": "no source contains it any more",
    "removed": "removed by its source",
    "hidden": "copies of unpublished files",
    "invalid": "rejected: it would make a document invalid",
}
"""What the states of posts that are in no feed mean."""


class LeftOut(NamedTuple):
    """An entry that became no item. ``title``, ``guid`` and ``address`` may be empty."""

    digest: bytes
    reason: Reason
    detail: str = ""
    title: str = ""
    guid: str = ""
    address: str = ""
    number: int = 1
    """How many such entries the document has."""


class ItemCounts(NamedTuple):
    """What became of the entries of all upstream feeds, and why files and entries are in no feed.

    ``entries["read"]`` is the sum of the other counts.
    """

    entries: dict[str, int]
    reasons: dict[str, int]


def store_left_out(db: Database, source: int, present: Collection[bytes], found: Sequence[LeftOut]) -> None:
    """Store the entries that a document leaves out, instead of those of the document before. Call it in a transaction.

    ``present`` has the digests of all entries of the document: those that were rejected before stay.
    """
    db.scope(present)
    # Rejected entries of the same document stay, because they are not parsed again to be found.
    db.run("left_out_clear", (source,))
    db.many("left_out_put", [(source, *entry) for entry in found])


def load_rejected_digests(db: Database, source: int, digests: Collection[bytes]) -> set[bytes]:
    """Load the digests of the entries that were rejected before; the same bytes would be rejected again."""
    db.scope(digests)
    return {row[0] for row in db.rows("left_out_rejected", (source,))}


def find_left_out(db: Database, wanted: str) -> list[tuple[str, LeftOut]]:
    """Find entries that became no item by title, guid or address, each with the name of its source."""
    rows = db.rows("left_out_find", {"wanted": wanted})
    return [(source, LeftOut(b"", *rest)) for source, *rest in rows]


def count_items(db: Database) -> ItemCounts:
    """Count what became of all entries of upstream feeds, and of the files and entries that are in no feed."""
    # Counts add up to the entries read, so that none is lost without a reason.
    states = {state: (count, posts) for state, count, posts in db.rows("entries_by_state")}
    left_out = dict(db.rows("left_out_counts"))
    live, posts = states.pop("live", (0, 0))
    # A post that a file has too counts as the file's.
    published = posts - (db.value("entries_of_files") if live else 0)
    hidden = {_STATES.get(state, state): count for state, (count, _) in states.items()}
    rejected = states.get("invalid", (0, 0))[0]
    entries = {
        "published": published,
        "merged": live - published,
        "unpublished": sum(hidden.values()) - rejected,
        "rejected": rejected + sum(left_out.values()) - left_out.get("repeated", 0),
        "repeated": left_out.get("repeated", 0),
    }
    reasons = Counter(dict(db.rows("files_by_reason"))) + Counter(hidden)
    reasons += Counter({f"left out: {REASONS[reason]}": count for reason, count in left_out.items()})
    for state, count in db.rows("files_out_of_feeds"):
        reasons[_STATES[state]] += count
    return ItemCounts({"read": sum(entries.values()), **entries}, dict(sorted(reasons.items())))
