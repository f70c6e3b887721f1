"""What reading sources needs of the store: sources, files, upstream feeds and their items."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from feeds.protocols import FileState
from feeds.storage.files import FolderRemovals, FolderScan
from feeds.storage.records import Context
from feeds.storage.sightings import IngestCounts, SourceBatch
from feeds.storage.sources import StoredSource
from feeds.storage.upstreams import FeedCounts, FeedUpdate, KnownEntries, PollResult, StoredEntry, UpstreamRow


class Sources(Protocol):
    """The sources, by number and name."""

    def load_sources(self) -> dict[str, StoredSource]:
        """Load every source by its name, also sources that were removed from the configuration."""

    def add_sources(self, names: Iterable[str]) -> dict[str, StoredSource]:
        """Add the sources that are not stored yet, in this order, and load every source."""

    def load_lists(self) -> dict[str, bytes]:
        """Load the stored document of each list of upstream feeds, by the name of its source."""

    def mark_source_read(self, number: int, settings: str, when: str) -> None:
        """Record the settings with which a source was read completely, and when."""

    def remove_source(self, sources: dict[int, tuple[str, int]], number: int, now: datetime) -> int:
        """Delete every sighting of a source, and the posts that no other source has."""

    def count_entries(self) -> dict[int, int]:
        """Count the items of each source, by its number."""


class Files(Protocol):
    """The files of folders: their change tokens, and what a scan means."""

    def load_present_files(self, source: int) -> list[tuple[str, int, int]]:
        """Load path, size and mtime of every file that was present at the last reading, sorted by path."""

    def load_file_states(
        self, source: int, changed: Sequence[str], vanished: Sequence[str]
    ) -> dict[str, FileState]:
        """Load the state of files to read, of files that vanished now, and of files that vanished before."""

    def load_file_keys_version(self, source: int) -> str:
        """Load the version of the rules that made the keys of a source's files; empty if none is stored."""

    def touch_files(self, source: int, files: Sequence[tuple[str, int, int]]) -> None:
        """Store path, size and mtime of files whose bytes are unchanged."""

    def finish_scan(self, context: Context, scan: FolderScan) -> FolderRemovals:
        """Remove the posts of missing, unpublished and expired files, and mark the source as read."""


class Items(Protocol):
    """Items as they were read; storing them updates the posts."""

    def ingest_batches(self, batches: Sequence[SourceBatch]) -> IngestCounts:
        """Store batches of several sources in one transaction, and then update the posts once."""

    def load_blocked_keys(self) -> frozenset[str]:
        """Load the blocked keys, which join no items (identity rule 3, docs/reference/identity.md)."""


class UpstreamFeeds(Protocol):
    """The state of upstream feeds between two polls, and their documents."""

    def load_upstreams(self) -> dict[str, UpstreamRow]:
        """Load every upstream feed that was polled, by the name of its source."""

    def save_polls(self, polls: Iterable[PollResult]) -> None:
        """Store the state of upstream feeds and lists after responses without new entries."""

    def load_known_digests(self, source: int, *, rejected: bool) -> frozenset[bytes]:
        """Load the digests of the entries of the last document of a source, with ``rejected`` also of rejected entries."""

    def find_known_entries(
        self, sources: dict[int, tuple[str, int]], source: int, digests: Collection[bytes]
    ) -> KnownEntries:
        """Find the stored entries of a source that have one of these digests, unchanged."""

    def find_known_items(self, source: int, items: Iterable[str]) -> frozenset[str]:
        """Return those of these items that are stored for a source, also removed items."""

    def ingest_document(self, context: Context, update: FeedUpdate) -> FeedCounts:
        """Store a document of an upstream feed in one transaction: its state, its entries and the posts."""

    def load_held_hosts(self) -> dict[str, datetime]:
        """Load until when each host must not be requested."""

    def hold_hosts(self, holds: Mapping[str, datetime]) -> None:
        """Store until when each host must not be requested; replaces what was stored."""


class StoredEntries(Protocol):
    """Entries that are stored already: the history of a feed, and parsing again after a change."""

    def load_entries_after(self, source: int, number: int) -> list[StoredEntry]:
        """Load some entries of a source whose number is higher than ``number``; empty at the end."""

    def load_history_position(self, source: int) -> str:
        """Load the position in the history of an upstream feed; empty if none is stored."""

    def save_history_position(self, source: int, position: str) -> None:
        """Store the position in the history of an upstream feed."""

    def load_entry_keys_version(self, source: int) -> int:
        """Load the number of the rule that made the keys of the stored entries of a source; 0 before there was a number."""

    def save_entry_keys_version(self, source: int, version: int, state: str) -> None:
        """Store the number of the rule that made the keys of the entries, and the fetch state of the source."""

    def follow_address_rule(self, sources: dict[int, tuple[str, int]], now: datetime) -> int:
        """Apply the present rule for addresses to keys that an older rule made."""
