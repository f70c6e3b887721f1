"""Match the entries of a fetched document with what is stored: names and blocked keys; nothing is read or written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from feeds.identity import Sighting
from feeds.item_names import name_entries, rename_entry
from feeds.storage.records import Reading


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
    known_names: frozenset[str]
    """The names of the stored entries of the document."""


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
    naming = name_entries(source, entries, blocked, [entry.item for entry in entries])
    # Stored entries have their names already, so new entries get other names.
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
        frozenset(naming.names[: len(known)]),
    )


def collect_dates(readings: Sequence[Reading]) -> set[int]:
    """Return the publication dates that the entries state, in seconds since 1970."""
    return {
        int(reading.sighting.published.timestamp())
        for reading in readings
        if reading.sighting and reading.sighting.published
    }
