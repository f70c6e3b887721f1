"""Entry cache: workers render each post once, and the store keeps its packed entry for all documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feeds.config import ListSource, UpstreamSource
from feeds.identity import Shown
from feeds.models import FORMATS, Extent, Kind, Origin, Term
from feeds.run_context import Run
from feeds.sources import expand_sources
from feeds.storage import feeds
from feeds.storage.sqlite import Database
from feeds.storage.upstreams import load_upstreams
from feeds.values import document_paths
from feeds.values.urls import is_absolute_iri, is_same_document, redact_name
from feeds.workers.render_tasks import RENDER, unpack_entry
from feeds.workers.task_types import RenderTask

PARTS = (*FORMATS, "page", "teaser")
"""Parts of a packed entry, in this order."""
_POSTS_PER_TASK = 96
_ENTRIES_PER_BATCH = 480
_MAX_KEPT_BYTES = 6 * 1024 * 1024
"""Packed size; unpacked entries are several times as large."""


def render_missing(run: Run, wanted: Mapping[int, Extent]) -> list[int]:
    """Render those of these posts that have no entry of the wanted extent.

    A post that no document can hold is removed from all feeds, with its reason.

    Args:
        run: The run.
        wanted: Numbers of posts, each with the extent that documents and pages need.

    Returns:
        Numbers of the posts that had no such entry.
    """
    missing = feeds.find_missing_entries(run.db, wanted)
    if missing:
        _render_entries(run, missing, wanted)
    return missing


def warm_up(run: Run, post: int) -> None:
    """Render a post and store nothing: it loads modules and templates before they are needed."""
    tasks = _RenderTasks(run.db, [[post]], _Terms(run), load_origins(run), {post: Extent.ON_FRONT})
    list(run.workers.process(RENDER, tasks))


def _render_entries(run: Run, missing: Sequence[int], wanted: Mapping[int, Extent]) -> None:
    terms, origins = _Terms(run), load_origins(run)
    done = 0
    pieces = document_paths.split_into_chunks(missing, _POSTS_PER_TASK)
    rows, invalid = [], []
    for results in run.workers.process(RENDER, _RenderTasks(run.db, pieces, terms, origins, wanted)):
        for result in results:
            if result.invalid:
                invalid.append((result.number, result.invalid))
            else:
                rows.append((result.number, result.data, int(result.extent)))
        done += len(results)
        run.progress("rendering", done, len(missing))
        if len(rows) >= _ENTRIES_PER_BATCH:
            _store_entries(run.db, rows)
            rows = []
    _store_entries(run.db, rows)
    if invalid:
        feeds.exclude_invalid_posts(run.db, invalid)


def _store_entries(db: Database, rows: Sequence[tuple[object, ...]]) -> None:
    with db.transaction():
        db.many("entry_put", rows)


class _RenderTasks(Sequence[list[RenderTask]]):
    """Render tasks, built only when a worker is ready for them: fetched documents are large."""

    def __init__(
        self,
        db: Database,
        pieces: Sequence[Sequence[int]],
        terms: _Terms,
        origins: dict[str, Origin],
        wanted: Mapping[int, Extent],
    ) -> None:
        self._db, self._pieces, self._terms, self._origins = db, pieces, terms, origins
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> list[RenderTask]:  # type: ignore[override]
        found = feeds.load_posts(self._db, self._pieces[index])
        documents = feeds.load_documents(self._db, [post.shown.body for post in found.values()])
        tasks = []
        # Every worker gets whole tasks: it must not open the store itself.
        for number in self._pieces[index]:
            post = found[number]
            document, source, place = documents.get(post.shown.body, (b"", "", ""))
            tasks.append(
                RenderTask(
                    number,
                    post.uid,
                    post.updated,
                    post.shown,
                    self._terms.select(post.shown),
                    document,
                    source,
                    place,
                    self._origins.get(source),
                    self._wanted[number],
                )
            )
        return tasks


def load_origins(run: Run) -> dict[str, Origin]:
    """Load title and addresses of each upstream feed, by the name of its source."""
    if not run.config.polled:
        return {}
    from feeds.sanitizer.metadata import redact_address
    from feeds.sanitizer.text import clean_title

    given = {
        source.name: source
        for source in expand_sources(run.config, run.db)[0]
        if isinstance(source, UpstreamSource)
    }
    lists = {source.name for source in run.config.sources if isinstance(source, ListSource)}
    found = {}
    for name, row in load_upstreams(run.db).items():
        if name in lists:
            continue
        head, source = row.head, given.get(name)
        url = head.get("url") or (source.url if source else "")
        title = (source.title if source else "") or head.get("title") or redact_name(name)
        link = (source.link if source else "") or head.get("link", "")
        # Some feeds name themselves as their site: that would link readers to XML.
        if any(is_same_document(link, own) for own in (url, source.url if source else "")):
            link = ""
        uid = head.get("id", "")
        found[name] = Origin(
            uid if is_absolute_iri(uid) else url, clean_title(title), url, redact_address(link)
        )
    return found


class _Terms:
    """The terms of posts, each queried once: many posts share few terms."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[tuple[str, str], Term | None] = {}

    def select(self, shown: Shown) -> tuple[Term, ...]:
        """Return the terms of a post that have a feed."""
        names: list[tuple[Kind, str]] = [("category", name) for name in shown.categories]
        names += [("tag", name) for name in shown.tags]
        return tuple(term for kind, name in names if (term := self._load_term(kind, name)))

    def _load_term(self, kind: Kind, name: str) -> Term | None:
        if (kind, name) not in self._known:
            given = self._run.db.value("feed_slug", (kind, name))
            label = self._run.config.labels.get(kind, {}).get(name, name)
            self._known[kind, name] = Term(kind, name, given, label) if given else None
        return self._known[kind, name]


class EntryReader:
    """Reads entries and keeps the latest, because neighbouring feeds often show the same posts.

    Use it only while no entry is rendered again: it does not notice a new version.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[int, tuple[int, list[bytes]]] = {}
        """Packed size and parts, oldest first."""
        self._size = 0

    def read_parts(self, numbers: Sequence[int]) -> dict[int, list[bytes]]:
        """Return the entries of those of these posts that have an entry, each as its :data:`PARTS`."""
        kept = self._kept
        found = {number: kept[number][1] for number in numbers if number in kept}
        if len(found) < len(numbers):
            for number, _, _, data in feeds.load_entries(self._db, set(numbers) - found.keys()):
                found[number] = unpack_entry(data)
                self._keep(number, len(data), found[number])
        return found

    def _keep(self, number: int, size: int, parts: list[bytes]) -> None:
        self._kept[number] = size, parts
        self._size += size
        while self._size > _MAX_KEPT_BYTES:
            self._size -= self._kept.pop(next(iter(self._kept)))[0]

    def read_columns(self, numbers: Sequence[int]) -> dict[str, list[bytes]]:
        """Return the entries of these posts by part (formats, page, teaser), in this order."""
        found: dict[str, list[bytes]] = {part: [] for part in PARTS}
        entries = self.read_parts(numbers)
        for number in numbers:
            for part, data in zip(PARTS, entries.get(number, ()), strict=False):
                if data:
                    found[part].append(data)
        return found
