"""Match the entries of a fetched document with what is stored: names, blocked keys, and changed guids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from feeds.identity import Sighting
from feeds.item_names import name_entries, rename_entry
from feeds.storage import upstreams
from feeds.storage.records import Reading
from feeds.storage.sqlite import Database


@dataclass(frozen=True, slots=True)
class MatchedEntries:
    """The new entries of a document, named so that none hides another, and what follows for stored entries."""

    readings: list[Reading]
    blocked: frozenset[str]
    """Keys that this document blocks (identity rule 3, docs/reference/identity.md)."""
    renamed: list[tuple[Sighting, str]]
    """Stored entries whose name another entry has too, each with its other name."""
    repeated: list[Reading]
    """Entries that equal another entry of the document in everything."""
    guids: frozenset[str]
    """The guids of all entries of the document."""

    def apply(self, db: Database, sources: dict[int, tuple[str, int]], now: datetime) -> None:
        """Rename stored entries and block keys. Call it inside a transaction."""
        upstreams.rename_items(db, self.renamed)
        if self.blocked:
            upstreams.block_keys(db, sources, self.blocked, now)


def match_entries(
    source: str, known: Sequence[Sighting], found: Sequence[Reading], blocked: Collection[str]
) -> MatchedEntries:
    """Name the new entries of a document.

    Args:
        source: The name of the source.
        known: The stored entries that the document has unchanged.
        found: The other entries of the document.
        blocked: The keys that are blocked already.
    """
    read = [(reading, reading.sighting) for reading in found if reading.sighting]
    entries = [*known, *(entry for _, entry in read)]
    naming = name_entries(source, entries, blocked, [entry.item for entry in known])
    taken = set(naming.names[: len(known)])
    readings: list[Reading] = []
    repeated: list[Reading] = []
    for (reading, entry), name in zip(read, naming.names[len(known) :], strict=True):
        named = reading._replace(path=name, sighting=rename_entry(entry, name))
        (repeated if name in taken else readings).append(named)
        taken.add(name)
    return MatchedEntries(
        readings,
        naming.blocked - frozenset(blocked),
        [(e, name) for e, name in zip(known, naming.names, strict=False) if e.item != name],
        repeated,
        frozenset(entry.guid for entry in entries),
    )


def match_replaced_items(
    db: Database, number: int, readings: Sequence[Reading], known: Collection[str], blocked: Collection[str]
) -> list[Reading]:
    """Link each reading whose guid alone has changed to the item that it replaces."""
    addresses = {
        key: reading.path
        for reading in readings
        if reading.sighting
        for key in reading.sighting.own
        if key.startswith("url:") and key not in blocked
    }
    replaced = upstreams.find_renamed_items(
        db, number, addresses, {*known, *(reading.path for reading in readings)}
    )
    return [
        reading._replace(replaces=replaced[reading.path]) if reading.path in replaced else reading
        for reading in readings
    ]


def collect_dates(readings: Sequence[Reading]) -> set[int]:
    """Return the publication dates that the entries state, in seconds since 1970."""
    return {
        int(reading.sighting.published.timestamp())
        for reading in readings
        if reading.sighting and reading.sighting.published
    }
