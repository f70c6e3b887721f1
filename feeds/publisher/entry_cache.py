"""Entry cache: workers render each post once, and the store keeps its packed entry for all documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from feeds.identity import Shown
from feeds.models import FORMATS, Extent, Kind, Origin, Term
from feeds.publisher.publication import Publication
from feeds.session import Session
from feeds.storage.bodies import NO_BODY
from feeds.storage.interface import Entries
from feeds.values.document_paths import split_into_chunks
from feeds.values.urls import is_entry_id, is_same_document, redact_name
from feeds.workers.render_tasks import RENDER, unpack_entries
from feeds.workers.task_types import RenderTask

PARTS = (*FORMATS, "page", "teaser")
"""Parts of a packed entry, in this order."""
# Each step runs over a whole task before the next, so that its code stays in the processor's caches.
_POSTS_PER_TASK = 96
# Bounds the memory, and what a killed run has to render again.
_ENTRIES_PER_BATCH = 480
_MAX_KEPT_BYTES = 6 * 1024 * 1024
"""Packed size; unpacked entries are several times as large."""


def render_missing(publication: Publication, wanted: Mapping[int, Extent]) -> bool:
    """Render those of these posts that have no entry of the wanted extent.

    A post that no document can hold is removed from all feeds, with its reason.

    Args:
        publication: The publication.
        wanted: Numbers of posts, each with the extent that documents and pages need.

    Returns:
        Whether every post has an entry now; False if posts were removed, so that others replace them.
    """
    missing = publication.db.find_missing_entries(wanted)
    invalid = _render_entries(publication.session, missing, wanted) if missing else []
    if not invalid:
        return True
    # Removing a post changes its feeds once more, which this publication writes too.
    for feed, published in publication.db.exclude_invalid_posts(invalid).items():
        publication.revisions[feed] = publication.revisions.get(feed, published) + 1
    return False


def warm_up(session: Session, post: int) -> None:
    """Render a post and store nothing: it loads modules and templates before they are needed."""
    tasks = _RenderTasks(session, [[post]], {post: Extent.ON_FRONT})
    list(session.workers.process(RENDER, tasks))


def _render_entries(
    session: Session, missing: Sequence[int], wanted: Mapping[int, Extent]
) -> list[tuple[int, str]]:
    """Render posts and store their entries; return number and reason of the posts that no document can hold."""
    done = 0
    pieces = split_into_chunks(missing, _POSTS_PER_TASK)
    rows, invalid = [], []
    for results in session.workers.process(RENDER, _RenderTasks(session, pieces, wanted)):
        for result in results:
            if result.invalid:
                invalid.append((result.number, result.invalid))
            else:
                rows.append((result.number, result.data, int(result.extent)))
        done += len(results)
        session.progress("rendering", done, len(missing))
        if len(rows) >= _ENTRIES_PER_BATCH:
            session.db.save_entries(rows)
            rows = []
    session.db.save_entries(rows)
    return invalid


class _RenderTasks(Sequence[list[RenderTask]]):
    """Render tasks, built only when a worker is ready for them: fetched documents are large."""

    def __init__(
        self, session: Session, pieces: Sequence[Sequence[int]], wanted: Mapping[int, Extent]
    ) -> None:
        self._db, self._pieces, self._wanted = session.db, pieces, wanted
        self._labels = session.publishing.labels
        # Sites without upstream feeds need no origins.
        self._origins = load_origins(session) if session.polled else {}
        self._terms: dict[tuple[Kind, str], Term | None] = {}
        """Each queried once: many posts share few terms."""

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> list[RenderTask]:  # type: ignore[override]
        found = self._db.load_posts(self._pieces[index])
        bodies = self._db.load_bodies([post.shown.body for post in found.values()])
        tasks = []
        # Every worker gets whole tasks: it must not open the store itself.
        for number in self._pieces[index]:
            post = found[number]
            document, source, place = bodies.get(post.shown.body, NO_BODY)
            tasks.append(
                RenderTask(
                    number,
                    post.uid,
                    post.updated,
                    post.shown,
                    self._select_terms(post.shown),
                    document,
                    source,
                    place,
                    self._origins.get(source),
                    self._wanted[number],
                )
            )
        return tasks

    def _select_terms(self, shown: Shown) -> tuple[Term, ...]:
        """Return the terms of a post that have a feed."""
        names: list[tuple[Kind, str]] = [("category", name) for name in shown.categories]
        names += [("tag", name) for name in shown.tags]
        unknown = [key for key in names if key not in self._terms]
        slugs = self._db.find_slugs(unknown) if unknown else {}
        for (kind, name), slug in slugs.items():
            label = self._labels.get(kind, {}).get(name, name)
            self._terms[kind, name] = Term(kind, name, slug, label) if slug else None
        return tuple(term for key in names if (term := self._terms[key]))


def load_origins(session: Session) -> dict[str, Origin]:
    """Load title and addresses of each upstream feed, by the name of its source."""
    from feeds.sanitizer.metadata import redact_address
    from feeds.sanitizer.text import clean_text

    given = {source.name: source for source in session.load_upstreams()[0]}
    lists = {source.name for source in session.lists}
    found = {}
    for name, row in session.db.load_upstreams().items():
        # A list has no entries of its own.
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
        found[name] = Origin(uid if is_entry_id(uid) else url, clean_text(title), url, redact_address(link))
    return found


class EntryReader:
    """Reads entries and keeps the latest, because neighbouring feeds often show the same posts.

    Use it only while no entry is rendered again: it does not notice a new version.
    """

    def __init__(self, db: Entries) -> None:
        self._db = db
        self._kept: dict[int, tuple[int, list[bytes]]] = {}
        """Packed size and parts, oldest first."""
        self._size = 0

    def read_parts(self, numbers: Sequence[int]) -> dict[int, list[bytes]]:
        """Return the entries of those of these posts that have an entry, each as its :data:`PARTS`."""
        kept = self._kept
        found = {number: kept[number][1] for number in numbers if number in kept}
        if len(found) < len(numbers):
            rows = self._db.load_entries(set(numbers) - found.keys())
            unpacked = unpack_entries(data for _, _, _, data in rows)
            for (number, _, _, data), parts in zip(rows, unpacked, strict=True):
                found[number] = parts
                self._keep(number, len(data), parts)
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
