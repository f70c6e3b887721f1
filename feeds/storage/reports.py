"""Read what the store has of posts, files and sources, for reports to people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from feeds.identity import Shown, Sighting
from feeds.storage.left_out import ItemCounts, count_items
from feeds.storage.neighbourhood import load_keys
from feeds.storage.serialization import read_shown, read_sighting
from feeds.storage.sqlite import Database, load_migrations


class FeedOfPost(NamedTuple):
    """A feed that has a post."""

    kind: str
    name: str
    slug: str
    number: int
    in_window: bool
    """Whether the post is among the posts that appeared last."""
    archive: int
    """Number of the archive that has the post; 0 if none has it."""


class Revision(NamedTuple):
    """An older version of a post: until when it was shown, and its title and body as stored."""

    until: int
    title: str
    document: bytes
    source: str
    place: str


@dataclass(frozen=True, slots=True)
class PostReport:
    """Everything that the store has of a post. ``withdrawn`` is in seconds since 1970."""

    number: int
    uid: str | None
    state: str
    reason: str
    withdrawn: int
    shown: Shown
    sightings: tuple[Sighting, ...]
    aliases: tuple[str, ...]
    feeds: tuple[FeedOfPost, ...]
    revisions: tuple[Revision, ...]


def load_post_report(db: Database, number: int, entries: int) -> PostReport:
    """Load everything of a post; ``entries`` is the number of posts in a subscription document."""
    db.scope([number])
    post = db.rows("posts_by_number")[0]
    return PostReport(
        number=number,
        uid=post[1],
        state=post[6],
        reason=db.value("post_reason", (number,)) or "",
        withdrawn=post[12],
        shown=read_shown(post[10]),
        sightings=tuple(_load_sightings(db, number)),
        aliases=tuple(row[0] for row in db.rows("aliases_of", {"post": number})),
        feeds=tuple(_load_feeds(db, number, entries)),
        revisions=tuple(Revision(*row) for row in db.rows("revisions_of", (number,))),
    )


def _load_sightings(db: Database, post: int) -> Iterator[Sighting]:
    sources = {row[0]: (row[1], 0) for row in db.rows("source_all")}
    db.scope([post])
    numbers = [row[0] for row in db.rows("sightings_by_post")]
    keys = load_keys(db, numbers)
    db.scope(numbers)
    for row in db.rows("sightings_by_number"):
        yield read_sighting(row, sources, *keys[row[0]])


def _load_feeds(db: Database, post: int, entries: int) -> Iterator[FeedOfPost]:
    for kind, name, slug, number in db.rows("feeds_of_post", (post,)):
        window = {row[0] for row in db.rows("window", (number, entries))}
        archive = db.value("archive_of_post", (number, post)) or 0
        yield FeedOfPost(kind, name, slug or "", number, post in window, archive)


def load_title(db: Database, number: int) -> str:
    """Load the title of a post."""
    db.scope([number])
    return read_shown(db.rows("posts_by_number")[0][10]).title


class FileCount(NamedTuple):
    """Number of files of a source with this outcome, and how many of them were repaired."""

    outcome: str
    vanished: bool
    files: int
    repaired: int


def count_files(db: Database, source: int) -> list[FileCount]:
    """Count the files of a source by outcome."""
    return [FileCount(row[0], bool(row[1]), row[2], row[3] or 0) for row in db.rows("file_counts", (source,))]


class FolderCounts(NamedTuple):
    """What a build reports of the files of a source."""

    read: int
    ignored: int
    unpublished: int
    rejected: tuple[tuple[str, str], ...]
    """Path and reason of each rejected file."""


def load_folder_counts(db: Database, source: int) -> FolderCounts:
    """Count the present files of a source; only exceptional files are read, because a build may have millions."""
    # Exceptions are subtracted from the total, because both counts need only an index.
    read, ignored, unpublished = db.value("files_in_all", (source,)), 0, 0
    for outcome, vanished, count in db.rows("files_odd", (source,)):
        read -= count if vanished else 0
        ignored += count if outcome == "ignored" and not vanished else 0
        unpublished += count if outcome == "unpublished" and not vanished else 0
    rejected = tuple((path, reason) for path, _, reason in db.rows("files_troubled", (source,)))
    return FolderCounts(read, ignored, unpublished, rejected)


class PostCounts(NamedTuple):
    """What a build reports of the posts of all files."""

    posts: int
    """Published posts that files have."""
    files: int
    """Files with a published post."""
    unpublished: int
    """Files whose post is scheduled, withdrawn or expired."""
    left_out: tuple[tuple[str, str], ...]
    """Path and reason of each file whose post no document can contain."""
    entries_left_out: tuple[tuple[str, str, str], ...]
    """Source, address and reason of each entry of an upstream feed that no document can contain."""


def load_post_counts(db: Database) -> PostCounts:
    """Count the posts of all files, and load the posts that no document can contain."""
    posts, files = db.rows("posts_of_files")[0]
    return PostCounts(
        posts,
        files,
        sum(count for _, count in db.rows("files_out_of_feeds")),
        tuple(db.rows("posts_left_out")),
        tuple(
            (source, read_shown(shown).link, reason) for source, shown, reason in db.rows("entries_left_out")
        ),
    )


class BuildCounts(NamedTuple):
    """What a build reports of the whole store."""

    folders: dict[int, FolderCounts]
    """By number of the source."""
    posts: PostCounts
    items: ItemCounts


def load_build_counts(db: Database, folders: Iterable[int]) -> BuildCounts:
    """Count what became of the files of these folders, of all posts, and of all entries of upstream feeds."""
    return BuildCounts(
        {number: load_folder_counts(db, number) for number in folders}, load_post_counts(db), count_items(db)
    )


def load_invalid_posts(db: Database) -> dict[str, str]:
    """Load the reason of each post that no document can contain, by id."""
    return dict(db.rows("posts_invalid"))


def count_posts(db: Database) -> dict[str, int]:
    """Count the posts by state."""
    return dict(db.rows("posts_of_state"))


def count_posts_of_feeds(db: Database) -> dict[int, int]:
    """Count the posts of each feed."""
    return dict(db.rows("feed_counts"))


class StatusCounts(NamedTuple):
    """What the status shows of the whole store."""

    files: dict[int, list[FileCount]]
    """The files of each source by outcome, by number of the source."""
    posts: dict[str, int]
    """Posts by state."""
    posts_of_feeds: dict[int, int]
    documents: int


def load_status_counts(db: Database) -> StatusCounts:
    """Count files, posts and documents."""
    return StatusCounts(
        {row[0]: count_files(db, row[0]) for row in db.rows("source_all")},
        count_posts(db),
        count_posts_of_feeds(db),
        int(db.value("documents_count")),
    )


def count_posts_of_days(db: Database, since: int, offset: int) -> dict[int, int]:
    """Count the posts that appeared since a time, by day since 1970 in a time zone.

    ``since`` is in seconds since 1970, ``offset`` the seconds that the zone is ahead of UTC.
    """
    return dict(db.rows("surfaced_by_day", {"since": since, "offset": offset}))


def load_latest_posts(db: Database) -> dict[str, int]:
    """Load the date of the newest post of each source, in seconds since 1970, by name."""
    names = {row[0]: row[1] for row in db.rows("source_all")}
    # A source may have been removed between the two queries.
    return {names[number]: second for number, second in db.rows("sources_latest") if number in names}


def find_faults(db: Database) -> Iterator[str]:
    """Yield what is damaged in a store. Pages and indexes come first: with damage there, rows cannot be trusted."""
    pages = [row[0].replace("\n", " ") for row in db.rows("integrity")]
    if pages != ["ok"]:
        yield from pages
        return
    if not is_migrated(db):
        return  # the next run migrates it; the other checks expect the current schema
    yield from (f"{n} rows of {table} refer to missing rows" for table, n in db.rows("unfitting") if n)
    yield from (f"{n} rows of {table} are unreadable" for table, n in db.rows("unreadable") if n)


def is_migrated(db: Database) -> bool:
    """Return whether a store has the current schema."""
    return int(db.value("version")) >= load_migrations()[-1][0]


def iterate_compressed(db: Database) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every compressed document and entry."""
    for query in ("payloads_packed", "entries_packed"):
        yield from db.iterate_rows(query)
