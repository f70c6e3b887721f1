"""Which documents a publication writes, where they are, and how much of each post is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from feeds.models import Extent
from feeds.publisher.plan import (
    compute_extents,
    is_private,
    list_archive_paths,
    list_variants,
    locate_feed,
    order_posts,
    plan_feed,
    plan_publication,
)
from feeds.settings import PublishSettings
from tests.rigs.memory_world import World


@dataclass(frozen=True)
class Post:
    post: int
    published: int = 0

    @property
    def uid(self) -> str:
        return f"urn:{self.post:03}"


@pytest.fixture
def settings(tmp_path: Path) -> PublishSettings:
    return replace(
        World(tmp_path).session.publishing,
        formats=("atom", "rss"),
        archive=("atom",),
        archive_kinds=("all", "tag"),
    )


def feed(kind: str = "tag", slug: str = "x", number: int = 5) -> SimpleNamespace:
    return SimpleNamespace(number=number, kind=kind, slug=slug, updated=99)


def test_newest_first_then_by_id() -> None:
    assert order_posts([Post(1, 5), Post(3, 7), Post(2, 7), Post(4, 1)]) == [2, 3, 1, 4]


def test_where_the_documents_of_a_feed_are(settings: PublishSettings) -> None:
    paths = locate_feed(replace(settings, copies={"tag/x/atom.xml": ["old.xml"]}), "tag", "x")
    assert (paths.folder, paths.page, paths.private) == ("tag/x/", "tag/x/index.html", False)
    assert paths.documents == {"atom": "tag/x/atom.xml", "rss": "tag/x/rss.xml", "json": "tag/x/feed.json"}
    assert paths.copies == {"atom": ["old.xml"], "rss": ()}
    assert paths.list_archives(3) == {"atom": "tag/x/archive/3.atom.xml"}
    every = locate_feed(settings, "all", "-")
    assert (every.folder, every.page) == ("", "")
    assert locate_feed(settings, "category", "x").archive_formats == ()
    plain = replace(settings, look=replace(settings.look, pages=False))
    assert locate_feed(plain, "tag", "x").page == ""


@pytest.mark.parametrize(
    ("path", "private"),
    [
        ("tag/x", True),
        ("tag/x/", True),
        ("tag/x/atom.xml", True),
        ("tag/xy/", False),
        ("tag/", False),
        ("atom.xml", False),
    ],
)
def test_private_folders(settings: PublishSettings, path: str, private: bool) -> None:
    assert is_private(replace(settings, private=("tag/x",)), path) is private
    assert is_private(replace(settings, all_private=True), path)


def test_compressed_variants_are_listed_if_configured(settings: PublishSettings) -> None:
    assert list_variants(settings, ["a", "b"]) == ["a", "b"]
    assert list_variants(replace(settings, precompress=True), ["a", "b"]) == [
        "a", "b", "a.gz", "a.br", "a.zst", "b.gz", "b.br", "b.zst",
    ]  # fmt: skip


def test_how_much_of_each_post_is_rendered(settings: PublishSettings) -> None:
    many = [Post(n, 100 - n) for n in range(1, 31)]
    settings = replace(settings, entries=25)
    found = compute_extents(settings, {"all": [many], "tag": [many[:12], [Post(40)]]})
    assert {found[n] for n in range(1, 21)} == {Extent.ON_FRONT}
    assert {found[n] for n in range(21, 31)} == {Extent.SHOWN}
    assert found[40] == Extent.ON_PAGE
    tags = compute_extents(settings, {"tag": [many[:12]]})
    assert [n for n, extent in tags.items() if extent == Extent.ON_PAGE] == list(range(1, 11))
    assert tags[11] == Extent.SHOWN
    # Unarchived entries are newer than the posts that appeared last, and are no news.
    older = compute_extents(replace(settings, entries=2), {"all": [[Post(1, 1), Post(2, 2), Post(3, 9)]]})
    assert older == {1: Extent.ON_FRONT, 2: Extent.ON_FRONT, 3: Extent.SHOWN}
    plain = replace(settings, look=replace(settings.look, pages=False))
    assert set(compute_extents(plain, {"tag": [many]}).values()) == {Extent.SHOWN}


def test_the_plan_of_a_feed(settings: PublishSettings) -> None:
    settings = replace(settings, copies={"tag/x/atom.xml": ["old.xml"]})
    plan = plan_feed(settings, feed(), [Post(1, 1), Post(2, 2)], 3)
    assert (plan.number, plan.posts, plan.updated, plan.archive) == (5, (2, 1), 99, 3)
    assert plan.documents == {"tag/x/atom.xml", "tag/x/rss.xml", "tag/x/index.html", "old.xml"}
    assert plan.announced == {"tag/x/atom.xml", "tag/x/rss.xml", "old.xml"}
    private = plan_feed(replace(settings, private=("tag/x",)), feed(), [], 0)
    assert private.announced == {"old.xml"}
    assert list_archive_paths(settings, plan) == [f"tag/x/archive/{n}.atom.xml" for n in (1, 2, 3)]
    assert list_archive_paths(settings, plan_feed(settings, feed("category"), [], 3)) == []


def test_the_plan_of_a_publication(settings: PublishSettings) -> None:
    full = plan_feed(settings, feed(), [Post(1)], 1)
    empty = plan_feed(settings, feed("tag", "y", 6), [], 1)
    plan = plan_publication(settings, [full, empty], ["assets/a.css"])
    assert plan.feeds == (full, empty)
    assert plan.needed == {
        "index.html",
        "feeds.opml",
        "assets/a.css",
        "tag/x/archive/1.atom.xml",
        *full.documents,
    }
    assert plan.feed_by_path["tag/y/atom.xml"] == 6
    assert plan.announced == full.announced | empty.announced
