"""Read and write the files of folder sources: their change tokens, and the removal of their posts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from feeds.protocols import FileState
from feeds.storage.neighbourhood import load_blocked_keys, load_pages_of_files
from feeds.storage.posts import release_pages
from feeds.storage.records import EXPIRED, Context
from feeds.storage.removal_guard import check_removals
from feeds.storage.sqlite import Database
from feeds.storage.withdrawal import remove_sightings

_MOST_PATHS = 4096
"""A query with more paths is slower than loading all."""


@dataclass(frozen=True, slots=True)
class FolderScan:
    """What is left to store after the files of a folder were read."""

    lost: Collection[str]
    """Paths of missing files that have a post."""
    missing_without_post: Collection[str]
    """Paths of missing files without a post."""
    keep: bool
    """Whether the posts of missing files stay published (``on_remove = "keep"``)."""
    most_removals: int | None
    """Percentage of the posts that may be removed at once; None to accept any number."""
    settings: str
    """Digest of the settings with which the folder was read."""
    keys: str = ""
    """Version of the rules that made the keys of all files; empty if only some files were read."""


@dataclass(frozen=True, slots=True)
class FolderRemovals:
    """How many posts were removed with their files, and why no more were removed."""

    removed: int
    refused: str = ""
    """Why the removal was refused; empty if it was accepted."""


def load_present_files(db: Database, source: int) -> list[tuple[str, int, int]]:
    """Load path, size and mtime of every file that was present at the last reading, sorted by path."""
    return db.rows("files_there", (source,))


def load_file_states(
    db: Database, source: int, changed: Sequence[str], vanished: Sequence[str]
) -> dict[str, FileState]:
    """Load the state of files to read, of files that vanished now, and of files that vanished before."""
    if not changed and not vanished:
        return {}
    if len(changed) > _MOST_PATHS:
        rows = db.rows("files_of_source", (source,))
    else:
        db.scope((*changed, *vanished))
        rows = [*db.rows("files_of_paths", (source,)), *db.rows("files_vanished", (source,))]
    return {row[0]: FileState(*row[1:]) for row in rows}


def load_keys_version(db: Database, source: int) -> str:
    """Load the version of the rules that made the keys of a source's files; empty if none is stored."""
    return db.value("meta_get", (_get_keys_name(source),)) or ""


def _get_keys_name(source: int) -> str:
    return f"file_keys_{source}"


def touch_files(db: Database, source: int, files: Sequence[tuple[str, int, int]]) -> None:
    """Store path, size and mtime of files whose bytes are unchanged."""
    if files:
        with db.transaction():
            db.many("file_touch", [(size, mtime, source, path) for path, size, mtime in files])


def finish_scan(db: Database, context: Context, scan: FolderScan) -> FolderRemovals:
    """Remove the posts of missing, unpublished and expired files, and mark the source as read.

    A present file that is marked as unpublished is not a removal to refuse.
    """
    source = context.source
    with db.transaction():
        # Before the check of removals, so that drafts do not count as lost posts.
        unpublished = _remove_unpublished(db, context.sources, source, context.now)
        if scan.keep:
            db.many("file_vanish", [(1, source, path) for path in scan.lost])
        removals = FolderRemovals(0) if scan.keep else _remove_lost(db, context, scan)
        pages = load_pages_of_files(db, source, scan.missing_without_post)
        db.many("file_drop", [(source, path) for path in scan.missing_without_post])
        release_pages(db, context.sources, pages, context.now)
        now = context.now.isoformat("T", "seconds")
        db.run("source_settle", {"id": source, "settings": scan.settings, "now": now})
        # Only a complete reading has applied the new rules to every file.
        if scan.keys:
            db.run("meta_put", (_get_keys_name(source), scan.keys))
    return FolderRemovals(unpublished + removals.removed, removals.refused)


def _remove_lost(db: Database, context: Context, scan: FolderScan) -> FolderRemovals:
    """Remove the posts of missing files, unless they are too many at once."""
    if not scan.lost:
        return FolderRemovals(0)
    source = context.source
    db.scope(scan.lost)
    # Files that are not posts may vanish in any number.
    going = {row[0]: row[4] for row in db.rows("files_of_paths", (source,)) if row[4]}
    # A folder that is not mounted looks exactly like a folder whose posts were deleted.
    if going and scan.most_removals is not None:
        present = db.value("files_present", (source,))
        refused = check_removals(present, len(going), scan.most_removals)
        if refused:
            return FolderRemovals(0, refused)
    _remove_files(db, context.sources, source, context.now, going)
    db.many("file_drop", [(source, path) for path in scan.lost])
    return FolderRemovals(len(going))


def remove_expired_files(db: Database, sources: dict[int, tuple[str, int]], now: datetime) -> int:
    """Remove the posts of files whose expiry date has passed; return their number."""
    removed = 0
    for (source,) in db.rows("sources_expiring", (int(now.timestamp()),)):
        with db.transaction():
            removed += _remove_unpublished(db, sources, source, now)
    return removed


def _remove_unpublished(db: Database, sources: dict[int, tuple[str, int]], source: int, now: datetime) -> int:
    """Remove unpublished and expired posts, however many; inside a transaction."""
    # Marked in the row first, so that the query below finds expired and unpublished files alike.
    db.run("files_expire", (EXPIRED, source, int(now.timestamp())))
    going = dict(db.rows("files_unpublished", (source,)))
    _remove_files(db, sources, source, now, going)
    return len(going)


def _remove_files(
    db: Database,
    sources: dict[int, tuple[str, int]],
    source: int,
    now: datetime,
    going: Mapping[str, int],
) -> None:
    """Remove the sightings of files; ``going`` maps paths to sightings."""
    if going:
        # Sorted, so that every run does the same in the same order.
        remove_sightings(db, sources, sorted(going.values()), now, load_blocked_keys(db))
        db.many("file_loose", [(source, path) for path in going])
