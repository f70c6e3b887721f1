"""Decide which documents of which feeds a publication writes, and where: values only, nothing is read or written.

:func:`locate_feed` gives the paths of a feed, :func:`compute_extents` how much of each post is rendered, and
:func:`plan_publication` the documents of all feeds. The publisher carries the plan out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from feeds.models import FORMATS, NEWEST, TEASERS, Extent, Format, Kind
from feeds.settings import PublishSettings
from feeds.values.document_paths import CATALOGUE, FILE_NAMES, PAGE, build_archive_path, build_folder

VARIANTS = (".gz", ".br", ".zst")
"""Endings of the compressed variants of a document."""


class _Ordered(Protocol):
    """A post with what decides its place in a document."""

    @property
    def post(self) -> int: ...
    @property
    def uid(self) -> str: ...
    @property
    def published(self) -> int: ...


class _Feed(Protocol):
    """A stored feed."""

    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def slug(self) -> str: ...
    @property
    def updated(self) -> int: ...


def order_posts(posts: Iterable[_Ordered]) -> list[int]:
    """Order the posts of a document: newest publication first, then by id."""
    # Two stable sorts: only the date is reversed, ids stay ascending.
    ranked = sorted(posts, key=lambda post: post.uid)
    ranked.sort(key=lambda post: post.published, reverse=True)
    return [post.post for post in ranked]


class FeedPaths(NamedTuple):
    """Where the documents of a feed are in the output tree."""

    kind: Kind
    slug: str
    folder: str
    """Empty for the feed of all posts."""
    documents: Mapping[Format, str]
    """Of every format, also of formats that are not written."""
    copies: Mapping[Format, Sequence[str]]
    """Old addresses that serve the same bytes."""
    page: str
    """Empty if the feed has no page of its own."""
    archive_formats: tuple[Format, ...]
    private: bool

    def list_archives(self, number: int) -> dict[Format, str]:
        """Return the path of an archive in each format; the oldest archive has number 1."""
        return {form: build_archive_path(self.kind, self.slug, number, form) for form in self.archive_formats}


def locate_feed(settings: PublishSettings, kind: Kind, slug: str) -> FeedPaths:
    """Return where the documents of a feed are."""
    folder = build_folder(kind, slug)
    documents = {form: folder + FILE_NAMES[form] for form in FORMATS}
    # The front page is the page of the feed of all posts.
    has_page = settings.look.pages and kind != "all"
    return FeedPaths(
        kind=kind,
        slug=slug,
        folder=folder,
        documents=documents,
        copies={form: settings.copies.get(documents[form], ()) for form in settings.formats},
        page=folder + PAGE if has_page else "",
        archive_formats=settings.archive if kind in settings.archive_kinds else (),
        private=is_private(settings, folder),
    )


def is_private(settings: PublishSettings, path: str) -> bool:
    """Return whether a document of the output tree, or a feed's folder, needs a password or a secret address."""
    return settings.all_private or any(f"{path}/".startswith(f"{folder}/") for folder in settings.private)


def list_variants(settings: PublishSettings, paths: Iterable[str]) -> list[str]:
    """Return these paths, followed by the paths of their compressed variants if they are configured."""
    every = list(paths)
    if settings.precompress:
        every += [path + ending for path in every for ending in VARIANTS]
    return every


def compute_extents(
    settings: PublishSettings, shown: Mapping[Kind, Sequence[Sequence[_Ordered]]]
) -> dict[int, Extent]:
    """Return the extent to which each post must be rendered.

    ``shown`` has the posts of each feed's subscription document, by kind of the feed.
    """
    found: dict[int, Extent] = {}
    for kind, feeds in shown.items():
        top = Extent.ON_FRONT if kind == "all" else Extent.ON_PAGE if settings.look.pages else Extent.SHOWN
        for posts in feeds:
            # The front page shows only posts that appeared last, no older unarchived entries.
            first = order_posts(posts[: settings.entries])[:TEASERS] if kind == "all" else None
            newest = set(order_posts(posts)[:NEWEST] if first is None else first)
            for post in (row.post for row in posts):
                extent = top if post in newest else Extent.SHOWN
                found[post] = max(found.get(post, Extent.SHOWN), extent)
    return found


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """The documents of one feed."""

    number: int
    paths: FeedPaths
    posts: tuple[int, ...]
    """The posts of its subscription document, in order. Without posts its documents are removed."""
    updated: int
    """Its latest change when it was published last, in seconds since 1970."""
    archive: int
    """Number of its newest archive; 0 if it has none."""
    documents: frozenset[str]
    """Every path of its subscription documents and of its page, with their compressed variants."""
    announced: frozenset[str]
    """The documents whose subscribers are notified."""


def plan_feed(settings: PublishSettings, feed: _Feed, posts: Sequence[_Ordered], archive: int) -> FeedPlan:
    """Plan the documents of a feed, from the posts that it shows and the number of its newest archive."""
    paths = locate_feed(settings, feed.kind, feed.slug)
    documents = [paths.documents[form] for form in settings.formats]
    documents += [old for copies in paths.copies.values() for old in copies]
    return FeedPlan(
        number=feed.number,
        paths=paths,
        posts=tuple(order_posts(posts)),
        updated=feed.updated,
        archive=archive,
        documents=frozenset(list_variants(settings, [*documents, *([paths.page] if paths.page else [])])),
        announced=frozenset(path for path in documents if not is_private(settings, path)),
    )


@dataclass(frozen=True, slots=True)
class PublicationPlan:
    """Everything that a publication writes, apart from archives that become full."""

    feeds: tuple[FeedPlan, ...]
    needed: frozenset[str]
    """Every path that must stay: of feeds with posts, their archives, indexes and assets."""
    feed_by_path: Mapping[str, int]
    announced: frozenset[str]


def plan_publication(
    settings: PublishSettings, feeds: Sequence[FeedPlan], assets: Iterable[str]
) -> PublicationPlan:
    """Plan a publication of these feeds."""
    # What no dirty feed needs is removed, so everything shared has to be named here.
    needed = set(list_variants(settings, [*CATALOGUE, *assets]))
    for feed in feeds:
        # A feed without posts keeps nothing: its documents and archives are removed.
        if feed.posts:
            needed.update(feed.documents, list_archive_paths(settings, feed))
    return PublicationPlan(
        tuple(feeds),
        frozenset(needed),
        {path: feed.number for feed in feeds for path in feed.documents},
        frozenset(path for feed in feeds for path in feed.announced),
    )


def list_archive_paths(settings: PublishSettings, feed: FeedPlan) -> list[str]:
    """Return the paths of all archives of a feed, with their compressed variants."""
    numbers = range(1, feed.archive + 1) if feed.paths.archive_formats else ()
    return list_variants(
        settings, [path for number in numbers for path in feed.paths.list_archives(number).values()]
    )
