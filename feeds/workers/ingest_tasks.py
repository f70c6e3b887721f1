"""Parse files with pure functions that can run in any process.

:func:`parse_files` turns bytes into readings: it parses, splits off the tail and derives keys.
:mod:`feeds.workers.body_tasks` turns bodies into clean HTML, and :mod:`feeds.workers.render_tasks` renders entries.
Each process calls :func:`begin` once, which sets the settings of all of them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from feeds.errors import PostRejected, build_damage_error
from feeds.identity import Sighting
from feeds.item_keys import build_page_keys, derive_keys, find_strong_key
from feeds.models import Item, Skipped
from feeds.storage.packing import pack
from feeds.storage.records import Reading
from feeds.values.patterns import Pattern, compile_pattern
from feeds.workers.included_files import LinkResolver, compute_digest, read_beside_post, read_digest
from feeds.workers.task_types import Settings, TaskKind

if TYPE_CHECKING:
    from feeds.parser.posts.post import Tail

# The fastest of the regular levels, because every document passes through it.
_LEVEL = 1
_FIRST_TIME, _LAST_TIME = -(1 << 63), (1 << 63) - 1
"""Limits in nanoseconds of the store, the years 1677 to 2262; a file system may report any time."""
_READ_AGAIN = -1  # a size that no file has, so that the next run reads the file again


class _Tools:
    """Settings of this process, and what is compiled from them once."""

    def __init__(self, settings: Settings) -> None:
        from feeds.parser.posts.date_guess import make_date_guess
        from feeds.sanitizer import boilerplate

        self.settings = settings
        self.rules = [(name, compile_pattern(pattern)) for name, pattern in settings.identity]
        lines = (
            boilerplate.load_default_boilerplate() if settings.boilerplate is None else settings.boilerplate
        )
        patterns = boilerplate.compile_patterns(lines)
        sources = settings.sources.items()
        # Made once for each process, because they are the same for every file of a source.
        self.tails: dict[str, Tail] = {
            name: partial(
                boilerplate.split_tail,
                patterns=patterns,
                is_source=(lambda _: True) if source.source_line else self._is_known,
            )
            for name, source in sources
        }
        self.zones = {name: ZoneInfo(source.parse.zone) for name, source in sources}
        self.guesses = {name: make_date_guess(self.rules, source.parse.zone) for name, source in sources}
        self.resolvers = {
            name: LinkResolver(source, self.tails[name], self.guesses[name]) for name, source in sources
        }

    def _is_known(self, address: str) -> bool:
        """Return whether an identity rule finds a key in an address: such a last line names the article."""
        return bool(find_strong_key(address, self.rules))

    @cached_property
    def compress(self) -> Callable[[bytes], bytes]:
        import zstandard

        # The checksum finds damage on the disk before damaged text is published.
        return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress

    @cached_property
    def decompress(self) -> Callable[[bytes], bytes]:
        import zstandard

        return zstandard.ZstdDecompressor().decompress


_tools: _Tools


def begin(settings: Settings) -> None:
    """Set the settings of this process."""
    # A worker is a separate process with global settings, because tasks are called without them.
    global _tools  # noqa: PLW0603 - set once per process, before any work
    _tools = _Tools(settings)


def get_settings() -> Settings:
    """Return the settings of this process."""
    return _tools.settings


def get_rules() -> Sequence[tuple[str, Pattern]]:
    """Return the compiled identity rules."""
    return _tools.rules


def get_link_resolver(source: str) -> LinkResolver | None:
    """Return what resolves links between the files of a source; None for a source that is not a folder."""
    return _tools.resolvers.get(source)


def compress(data: bytes) -> bytes:
    """Compress a document or an entry for the store."""
    return _tools.compress(data)


def decompress(data: bytes) -> bytes:
    """Decompress what :func:`compress` returned.

    Raises:
        StoreError: the data is damaged.
    """
    import zstandard

    try:
        return _tools.decompress(data)
    except zstandard.ZstdError as error:
        raise build_damage_error("the store", error) from error


FilesTask = tuple[str, Sequence[tuple[str, int, int]], dict[str, bytes]]
"""Name of a source; path, size and mtime of each file; the known digests by path."""


def read_files(task: FilesTask) -> list[Reading | tuple[str, int, int]]:
    """Read and parse files; a file whose bytes have the known digest is returned as ``(path, size, mtime)``."""
    from feeds.fetcher import folder

    name, files, known = task
    root = _tools.settings.sources[name].root
    found: list[Reading | tuple[str, int, int]] = []
    fresh: list[_File] = []
    for path, size, stated in files:
        mtime = max(_FIRST_TIME, min(stated, _LAST_TIME))
        try:
            data = folder.read(root, path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
            # A locked or protected file may be readable later although it does not change.
            found.append(Reading(path, _READ_AGAIN, mtime, b"", "rejected", reason))
            continue
        digest, kept_size = compute_digest(root, path, data), size
        if b"include_relative" in data:
            # The files that it includes may change while it does not, so the next run reads it again.
            kept_size = _READ_AGAIN
        # A checkout or a copy changes the times of files, but not their bytes.
        if known.get(path) == digest:
            found.append((path, kept_size, mtime))
        else:
            fresh.append(_File(path, kept_size, mtime, digest, data))
    return found + parse_files(name, fresh)


def split_files(task: FilesTask) -> list[FilesTask]:
    """Split a task into one task for each file."""
    name, files, known = task
    # One by one, to find the file that exceeded the deadline.
    return [(name, [file], known) for file in files]


def reject_file(task: FilesTask, reason: str) -> list[Reading | tuple[str, int, int]]:
    """Reject the only file of a task; its digest is stored, so the same bytes are not tried again."""
    name, ((path, size, stated),), known = task
    mtime = max(_FIRST_TIME, min(stated, _LAST_TIME))
    digest = read_digest(_tools.settings.sources[name].root, path)
    if digest and known.get(path) == digest:  # it was not reached, and is known already
        return [(path, size, mtime)]
    return [Reading(path, size, mtime, digest, "rejected", reason)]


READ_FILES = TaskKind(read_files, split_files, reject_file)


class _File(NamedTuple):
    """A file with its bytes."""

    path: str
    size: int
    mtime: int
    digest: bytes
    data: bytes


def parse_files(source: str, files: Sequence[_File]) -> list[Reading]:
    """Parse files into readings.

    Each step processes all files before the next step begins, so that its code stays in the processor's
    caches.
    """
    readings: list[Reading] = []
    items: list[tuple[_File, Item]] = []
    for file in files:
        try:
            item = parse_file(source, file.path, file.data)
        except PostRejected as error:
            readings.append(Reading(*file[:4], "rejected", str(error)))
            continue
        if isinstance(item, Skipped):
            page = next(iter(build_page_keys(item.permalink)), "")
            readings.append(Reading(*file[:4], item.outcome, item.reason, page=page))
        else:
            items.append((file, item))
    known = []
    for file, item in items:
        try:
            sighting = _build_sighting(source, file.path, file.mtime, _compute_digest(file, item), item)
        except Exception as error:
            readings.append(Reading(*file[:4], "rejected", _describe_error(error)))
            continue
        known.append((file, item, sighting))
    packed = [pack(item, file.data) for file, item, _ in known]
    documents = [compress(data) for data in packed]
    for (file, item, sighting), document in zip(known, documents, strict=True):
        # Only the time of the file is left, which differs between machines.
        guessed = item.published is None and item.guess is None
        repairs = len(item.repairs)
        expires = math.floor(item.expires.timestamp()) if item.expires else None
        readings.append(
            Reading(*file[:4], "item", "", repairs, sighting, document, guessed=guessed, expires=expires)
        )
    return readings


def _compute_digest(file: _File, item: Item) -> bytes:
    """Return the digest of a post: of its file, and of the text that Liquid makes from it and other files."""
    if b"{%" not in file.data and b"{{" not in file.data:
        return file.digest
    return hashlib.blake2b(file.digest + item.body.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _describe_error(error: Exception) -> str:
    """Describe an unexpected error in one post, which must not affect the others."""
    return f"cannot be parsed ({type(error).__name__}: {error})"


def parse_file(source: str, path: str, data: bytes) -> Item | Skipped:
    """Parse one file.

    Raises:
        PostRejected: it cannot be parsed as a post.
    """
    from feeds.parser.posts.post import parse_post

    tools = _tools
    settings = tools.settings.sources[source].parse
    try:
        item = parse_post(
            data,
            path,
            settings,
            tools.tails[source],
            tools.guesses[source],
            tools.resolvers[source].find_linked_page,
            read_beside_post(tools.settings.sources[source].root),
            _convert_markdown,
        )
        # XML cannot represent NUL, and SQLite ends a text at it.
        return item.remove_nul() if isinstance(item, Item) else item
    except PostRejected:
        raise
    except Exception as error:
        raise PostRejected(_describe_error(error)) from error


def _convert_markdown(text: str) -> str:
    """Convert Markdown that the Liquid of a post passes to `markdownify`."""
    from feeds.sanitizer.markdown import markdown_to_html

    return markdown_to_html(text)


def _build_sighting(source: str, path: str, mtime: int, digest: bytes, item: Item) -> Sighting:
    from feeds.sanitizer.text import clean_author

    settings = _tools.settings.sources[source]
    name = f"id:{item.guid}" if item.guid else ""
    # Files have no text key (docs/reference/identity.md, keys of a sighting): notices and short posts repeat.
    keys = derive_keys(source, name or f"path:{path}", item.guid, item.address, _tools.rules, lambda: "")
    weak = keys.weak | build_page_keys(item.permalink)
    # Whole seconds, because file systems keep fractions to different lengths.
    guess = item.guess or datetime.fromtimestamp(mtime // 1_000_000_000, _tools.zones[source])
    categories, tags = select_terms(item, settings.categories, settings.own_terms)
    return Sighting(
        number=0,
        source=source,
        rank=settings.rank,
        item=name,
        place=path,
        strong=keys.strong,
        weak=weak,
        own=weak,
        title=item.title,
        link=item.address,
        page=item.permalink,
        authors=tuple(name for author in item.authors if (name := clean_author(author))),
        published=item.published,
        updated=item.updated,
        guess=guess,
        categories=categories,
        tags=tags,
        length=len(item.body),
        guid=item.guid,
        fixed_id=item.fixed_id,
        language=item.language,
        digest=digest,
    )


def select_terms(item: Item, added: Sequence[str], own: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return categories (with the configured ``added``) and tags of an item, within the limits of number and length."""
    from feeds.sanitizer.text import clean_text

    most, length = _tools.settings.most_terms, _tools.settings.term_length

    def clean_names(written: Iterable[str]) -> tuple[str, ...]:
        # A term may be written twice; the first place counts.
        return tuple(dict.fromkeys(name for term in written if (name := clean_text(term)[:length].strip())))

    categories = clean_names((*added, *(item.categories if own else ())))
    tags = clean_names(item.tags) if own else ()
    # Each term becomes a feed, so a hostile entry must not create thousands.
    return categories[:most], tags[: max(0, most - len(categories))]
