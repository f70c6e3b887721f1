"""Entries of posts: rendered once by the workers, kept packed in the store, read back in the order of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feeds.config import ListSource, UpstreamSource
from feeds.identity import Shown
from feeds.models import FORMATS, Extent, Kind, Origin, Term
from feeds.run_context import Run
from feeds.sources import expand
from feeds.storage import feeds
from feeds.storage.sqlite import Database
from feeds.storage.upstreams import load_upstreams
from feeds.values import document_paths
from feeds.values.urls import is_absolute_iri, is_same_document, public_name
from feeds.workers.render_tasks import RENDER, unpack_entry
from feeds.workers.task_types import RenderTask

PARTS = (*FORMATS, "page", "teaser")  # of a packed entry
_POSTS_PER_PIECE = 96
_ENTRIES_PER_BATCH = 480
_MOST_KEPT = 6 * 1024 * 1024  # bytes, before they are unpacked


def render_missing(run: Run, wanted: Mapping[int, Extent]) -> list[int]:
    """Render those of these posts whose entry is not there to this extent; which they were.

    One that no document can hold is left out of all feeds.
    """
    missing = feeds.find_missing_entries(run.db, wanted)
    if missing:
        _render(run, missing, wanted)
    return missing


def rehearse(run: Run, post: int) -> None:
    """Render a post and keep nothing of it."""
    tasks = _Tasks(run.db, [[post]], _Terms(run), origins_of(run), {post: Extent.ON_FRONT})
    list(run.workers.process(RENDER, tasks))


def _render(run: Run, missing: Sequence[int], wanted: Mapping[int, Extent]) -> None:
    terms, origins = _Terms(run), origins_of(run)
    done = 0
    pieces = document_paths.chunks(missing, _POSTS_PER_PIECE)
    rows, invalid = [], []
    for results in run.workers.process(RENDER, _Tasks(run.db, pieces, terms, origins, wanted)):
        for one in results:
            if one.invalid:
                invalid.append((one.number, one.invalid))
            else:
                rows.append((one.number, one.data, int(one.extent)))
        done += len(results)
        run.progress("rendering", done, len(missing))
        if len(rows) >= _ENTRIES_PER_BATCH:
            _keep(run.db, rows)
            rows = []
    _keep(run.db, rows)
    if invalid:
        feeds.exclude_invalid_posts(run.db, invalid)


def _keep(db: Database, rows: Sequence[tuple[object, ...]]) -> None:
    with db.transaction():
        db.many("entry_put", rows)


class _Tasks(Sequence[list[RenderTask]]):
    """Render tasks, made only when a worker is about to get them: payloads are large."""

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
        payloads = feeds.load_documents(self._db, [post.shown.body for post in found.values()])
        tasks = []
        for number in self._pieces[index]:
            post = found[number]
            payload, source, place = payloads.get(post.shown.body, (b"", "", ""))
            tasks.append(
                RenderTask(
                    number,
                    post.uid,
                    post.updated,
                    post.shown,
                    self._terms.of(post.shown),
                    payload,
                    source,
                    place,
                    self._origins.get(source),
                    self._wanted[number],
                )
            )
        return tasks


def origins_of(run: Run) -> dict[str, Origin]:
    """What each upstream is called, by the name of its source."""
    if not run.config.polled:
        return {}
    from feeds.sanitizer.metadata import public
    from feeds.sanitizer.text import clean_title

    given = {one.name: one for one in expand(run.config, run.db)[0] if isinstance(one, UpstreamSource)}
    lists = {one.name for one in run.config.sources if isinstance(one, ListSource)}
    found = {}
    for name, row in load_upstreams(run.db).items():
        if name in lists:
            continue
        head, source = row.head, given.get(name)
        url = head.get("url") or (source.url if source else "")
        title = (source.title if source else "") or head.get("title") or public_name(name)
        link = (source.link if source else "") or head.get("link", "")
        if any(is_same_document(link, own) for own in (url, source.url if source else "")):
            link = ""
        uid = head.get("id", "")
        found[name] = Origin(uid if is_absolute_iri(uid) else url, clean_title(title), url, public(link))
    return found


class _Terms:
    """The terms of posts, each asked for once: there are far fewer posts to render than terms nearly always."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._known: dict[tuple[str, str], Term | None] = {}

    def of(self, shown: Shown) -> tuple[Term, ...]:
        """Those of a post that have a feed."""
        names: list[tuple[Kind, str]] = [("category", one) for one in shown.categories]
        names += [("tag", one) for one in shown.tags]
        return tuple(term for kind, name in names if (term := self._term(kind, name)))

    def _term(self, kind: Kind, name: str) -> Term | None:
        if (kind, name) not in self._known:
            given = self._run.db.value("feed_slug", (kind, name))
            label = self._run.config.labels.get(kind, {}).get(name, name)
            self._known[kind, name] = Term(kind, name, given, label) if given else None
        return self._known[kind, name]


class EntryReader:
    """Reads entries, and keeps those read last: feeds beside each other often show the same posts.

    For a stretch of work in which no entry is rendered again.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[int, tuple[int, list[bytes]]] = {}
        """Packed size and parts, oldest first."""
        self._size = 0

    def parts(self, numbers: Sequence[int]) -> dict[int, list[bytes]]:
        """The entries of those of these posts that have one, each in its parts."""
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
        while self._size > _MOST_KEPT:
            self._size -= self._kept.pop(next(iter(self._kept)))[0]

    def columns(self, numbers: Sequence[int]) -> dict[str, list[bytes]]:
        """The entries of these posts in each format and for pages, in this order."""
        found: dict[str, list[bytes]] = {part: [] for part in PARTS}
        entries = self.parts(numbers)
        for number in numbers:
            for part, data in zip(PARTS, entries.get(number, ()), strict=False):
                if data:
                    found[part].append(data)
        return found
