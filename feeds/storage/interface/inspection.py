"""What commands and the status page need of the store: requests, searches, counts, soundness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from feeds.storage.control import StoredRequest
from feeds.storage.left_out import ItemCounts, LeftOut
from feeds.storage.reports import FolderCounts, FoundFile, PostCounts, PostReport, StatusCounts


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

    def find_post(self, uid: str) -> int | None:
        """Find the number of the post with this id; None if there is none."""

    def find_post_by_value(self, value: str) -> int | None:
        """Find the number of the post with an identity key of this value; None if there is none."""

    def find_post_by_key(self, keys: Sequence[str]) -> int | None:
        """Find the number of the post with the first of these keys that a post has; None if none has any."""

    def find_post_by_guid(self, guid: str) -> int | None:
        """Find the number of the post of a file or an entry with this guid; None if there is none."""

    def find_post_by_title(self, title: str) -> int | None:
        """Find the number of the first post with this title, or of which a copy has it; None if there is none."""

    def find_file(self, path: str, source: str = "") -> FoundFile | None:
        """Find a file by its path, or by the end of its path; None if no source has it."""

    def load_post_report(self, number: int, entries: int) -> PostReport:
        """Load everything of a post; ``entries`` is the number of posts in a subscription document."""

    def load_post_title(self, number: int) -> str:
        """Load the title of a post."""

    def find_left_out(self, wanted: str) -> list[tuple[str, LeftOut]]:
        """Find entries that became no item by title, guid or address, each with the name of its source."""


class Counts(Protocol):
    """Counts for reports and the status page."""

    def count_posts_of_days(self, since: int, offset: int) -> dict[int, int]:
        """Count the posts that appeared since a time, by day since 1970 in a time zone."""

    def load_latest_posts(self) -> dict[str, int]:
        """Load the date of the newest post of each source, in seconds since 1970, by name."""

    def load_invalid_posts(self) -> dict[str, str]:
        """Load the reason of each post that no document can contain, by id."""

    def load_folder_counts(self, source: int) -> FolderCounts:
        """Count the present files of a source; only exceptional files are read, because a build may have millions."""

    def load_post_counts(self) -> PostCounts:
        """Count the posts of all files, and load the posts that no document can contain."""

    def count_items(self) -> ItemCounts:
        """Count what became of all entries of upstream feeds, and of the files and entries that are in no feed."""

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
