"""What commands and the status page need of the store: requests, searches, counts, soundness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from feeds.storage.control import StoredRequest
from feeds.storage.lookup import NoPost, Wanted
from feeds.storage.reports import BuildCounts, PostReport, StatusCounts


class Control(Protocol):
    """Requests of commands to the process that has locked the store, and signs of other processes."""

    def add_request(self, kind: str, value: str) -> int:
        """Store a request; return its number."""

    def load_requests(self) -> list[StoredRequest]:
        """Load the requests that were not applied yet, in order."""

    def remove_request(self, number: int) -> None:
        """Remove a request that was applied or has expired."""

    def load_change_counter(self) -> int:
        """Return a number that differs after another process has written to the store; it costs no query."""

    def require_in_place(self) -> None:
        """Check that the file at the path is still the opened file; else what is written is lost."""


class Searches(Protocol):
    """Posts by what a person knows of them."""

    def find_item(self, wanted: Wanted, *, by_title: bool) -> int | NoPost | None:
        """Find the number of a post, or the file or entry that is not a post; None if nothing matches."""

    def load_post_report(self, number: int, entries: int) -> PostReport:
        """Load everything of a post; ``entries`` is the number of posts in a subscription document."""

    def load_post_title(self, number: int) -> str:
        """Load the title of a post."""


class Counts(Protocol):
    """Counts for reports and the status page."""

    def count_posts_of_days(self, since: int, offset: int) -> dict[int, int]:
        """Count the posts that appeared since a time, by day since 1970 in a time zone."""

    def load_latest_posts(self) -> dict[str, int]:
        """Load the date of the newest post of each source, in seconds since 1970, by name."""

    def load_invalid_posts(self) -> dict[str, str]:
        """Load the reason of each post that no document can contain, by id."""

    def load_build_counts(self, folders: Iterable[int]) -> BuildCounts:
        """Count what became of the files of these folders, of all posts, and of all entries of upstream feeds."""

    def load_status_counts(self) -> StatusCounts:
        """Count files, posts and documents."""


class Soundness(Protocol):
    """Checks of the store itself."""

    def find_faults(self) -> Iterator[str]:
        """Yield what is damaged in a store. Pages and indexes come first: with damage there, rows cannot be trusted."""

    def is_migrated(self) -> bool:
        """Return whether a store has the current schema."""

    def iterate_compressed(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the bytes of every compressed document and entry."""
