"""What publishing needs of the store: posts, entries, feeds, documents, archives and the ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from feeds.models import Keep, Kind, Written
from feeds.storage.archives import Archived, ArchivesToRepair, Logged
from feeds.storage.bodies import StoredBody
from feeds.storage.documents import PublishedDocuments, RecordedDocuments
from feeds.storage.feeds import DirtyFeed, ListedFeed, ShownPost, StoredPost
from feeds.storage.withdrawal import PostState


class Posts(Protocol):
    """The posts, and what is decided about them."""

    def assign_post_ids(
        self,
        sources: dict[int, tuple[str, int]],
        blocked: frozenset[str] = frozenset(),
        former: Mapping[int, str] = MappingProxyType({}),
    ) -> int:
        """Assign an id to every new post that can be published; return the number of new ids."""

    def load_posts(self, numbers: Collection[int]) -> dict[int, StoredPost]:
        """Load the fields from which the entries of these posts are rendered."""

    def exclude_invalid_posts(self, invalid: Sequence[tuple[int, str]]) -> dict[int, int]:
        """Remove invalid posts from all feeds and store the reason for each."""

    def load_bodies(self, sightings: Iterable[int]) -> dict[int, StoredBody]:
        """Load the body of each of these sightings that has a document, by number."""

    def set_withdrawn(self, uid: str, withdrawn: bool, now: datetime) -> bool | None:
        """Withdraw or restore the post with this id for a person; None if it is unknown, or in that state already."""

    def load_post_state(self, number: int) -> PostState:
        """Load the state of a post."""

    def update_due_posts(self, sources: dict[int, tuple[str, int]], now: datetime) -> int:
        """Publish posts whose date has come and remove expired posts; return the number of both."""


class FileIds(Protocol):
    """From what the ids of files are derived (identity rule 7, docs/reference/identity.md)."""

    def derives_ids_from_paths(self) -> bool:
        """Return whether ids of files are derived from source and path: all other ids have lines in the ledger."""

    def is_without_past(self) -> bool:
        """Return whether there was neither a ledger nor a post before; then only the output may show published ids."""

    def load_bare_files(self, sources: dict[int, tuple[str, int]]) -> list[tuple[int, str]]:
        """Load number and title of the files that have no key but their path, of the posts that get an id next."""

    def record_file_ids(self, sources: dict[int, tuple[str, int]]) -> None:
        """Write lines for the ids of files that would be derived otherwise, and derive ids from paths from now on."""


class Entries(Protocol):
    """The rendered entries of posts."""

    def find_missing_entries(self, wanted: Mapping[int, int]) -> list[int]:
        """Return the posts whose entry is not rendered to the wanted extent, sorted by number."""

    def save_entries(self, entries: Iterable[tuple[int, bytes, int]]) -> None:
        """Store number, packed entry and extent of rendered posts."""

    def load_entries(self, numbers: Collection[int]) -> list[tuple[int, str, int, bytes]]:
        """Load number, id, date of publication (seconds since 1970) and packed entry of the rendered posts."""

    def discard_entries(self) -> None:
        """Discard every rendered entry, and mark every feed to be written again."""

    def load_render_settings(self) -> str | None:
        """Load the digest of the settings with which entries were rendered; None in a new store."""

    def use_render_settings(self, digest: str) -> None:
        """Store the digest of the settings that entries are rendered with; others discard every rendered entry."""


class Feeds(Protocol):
    """The feeds, and the posts that each shows."""

    def load_dirty_feeds(self) -> list[DirtyFeed]:
        """Load the feeds whose documents may be out of date."""

    def load_feeds(self) -> list[ListedFeed]:
        """Load every feed that has a slug, whether its documents are out of date or not."""

    def load_feed_figures(self) -> dict[int, tuple[int, int | None]]:
        """Load the number of posts of each dirty feed, and the time of their last change."""

    def load_newest_posts(self, feed: int, entries: int) -> list[ShownPost]:
        """Load the posts that appeared last in a feed, at most ``entries``."""

    def load_shown_posts(self, feeds: Mapping[int, bool], entries: int) -> dict[int, list[ShownPost]]:
        """Load the posts of subscription documents: those that appeared last, and the unarchived entries."""

    def load_tombstones(self, feed: int, since: int, most: int) -> list[tuple[str, int]]:
        """Load id and time of at most ``most`` posts that left a feed since a time, the latest first (RFC 6721)."""

    def find_latest_change(self, feed: int) -> int:
        """Find when a post of a feed changed last, in seconds since 1970; 0 for a feed without posts."""

    def begin_publication(
        self, now: datetime, keep: Keep, limits: Mapping[int, Keep], is_slug: Callable[[str], bool] | None
    ) -> dict[int, int]:
        """Expire posts and load the wanted revision of each feed whose documents may be out of date."""


class Slugs(Protocol):
    """The slugs of feeds."""

    def find_slugs(self, names: Iterable[tuple[Kind, str]]) -> dict[tuple[Kind, str], str]:
        """Find the slug of each of these feeds, by kind and name; empty for a feed that has none."""

    def name_feeds(
        self, slug: Callable[[str], str], distinct: Callable[[str, str, Collection[str]], tuple[str, str]]
    ) -> None:
        """Assign slug and id to every new feed, and record in the ledger what cannot be derived again."""


class Documents(Protocol):
    """The documents in the output tree."""

    def load_documents(self) -> dict[str, Written]:
        """Load every recorded document by its path."""

    def load_documents_of_feeds(self, feeds: Iterable[int], paths: Iterable[str]) -> RecordedDocuments:
        """Load the documents of these feeds, those of no feed, and those at these paths."""

    def mark_documents_lost(self, paths: Iterable[str]) -> None:
        """Mark the feeds of documents that are missing or changed on disk to be written again."""

    def record_publication(self, publication: PublishedDocuments) -> None:
        """Record a publication: a hub is notified of a document exactly if the document is recorded as written."""

    def select_new_warnings(self, warnings: list[str]) -> list[str]:
        """Return the warnings on settings that no build has given yet, and store all of them as given."""


class Archives(Protocol):
    """The log of each feed, and its archives (RFC 5005)."""

    def complete_logs(self, entries: int) -> None:
        """Append the versions since the last call to the logs; remove withdrawn posts, and logs without posts."""

    def find_long_logs(self, feeds: Iterable[int], entries: int) -> set[int]:
        """Return the feeds with more than ``entries`` unarchived versions."""

    def load_unarchived_versions(self, feed: int) -> list[Logged]:
        """Load the unarchived versions of a feed, in order of arrival."""

    def close_archives(
        self,
        archives: Iterable[tuple[int, int, Sequence[Logged]]],
        documents: Iterable[tuple[str, int, str, int, int]],
    ) -> None:
        """Record archives that were written: feed, number and versions of each, and their documents."""

    def load_newest_archives(self) -> dict[int, int]:
        """Load the number of the newest archive of each feed that has archives."""

    def load_archive(self, feed: int, number: int) -> list[Archived]:
        """Load the versions of an archive, without withdrawn posts."""

    def mark_archives_clean(
        self, archives: Iterable[tuple[int, int]], documents: Iterable[tuple[str, int, str, int, int]]
    ) -> None:
        """Record that these archives were written again, without withdrawn posts."""

    def find_archives_to_repair(self, revision: str) -> ArchivesToRepair:
        """Find the archives with a withdrawn post, and whether another revision of the program wrote archives."""

    def save_archive_revision(self, revision: str) -> None:
        """Record that this revision of the program has written all archives."""


class Ledger(Protocol):
    """The ledger: what cannot be read from the sources again."""

    def render_changed_ledger(self, present: bytes) -> bytes | None:
        """Return the new content of the file; None if ``present`` is that content already."""

    def mark_ledger_written(self, written: bytes) -> None:
        """Record that the file has all stored lines; ``written`` is its content."""

    def read_ledger(
        self, path: Path, sources: dict[int, tuple[str, int]], now: datetime, has_folders: bool
    ) -> list[str]:
        """Apply the lines of the ledger that the store does not know; return what is wrong with the ledger."""

    def read_withdrawals(self, path: Path, now: datetime) -> None:
        """Apply withdrawals that the store does not know: it may be a backup that was just restored."""

    def merge_ledger(self, path: Path, troubles: list[str] | None = None) -> bool:
        """Merge the file into the store, and return whether that changed the stored lines."""
