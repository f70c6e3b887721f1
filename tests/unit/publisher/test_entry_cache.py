"""Posts are rendered once, to the extent that documents need; invalid posts leave their feeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.models import Extent, Origin
from feeds.publisher import entry_cache
from feeds.publisher.entry_cache import PARTS, EntryReader, load_origins, render_missing, warm_up
from feeds.publisher.publication import Publication
from feeds.storage.feeds import assign_feed_slugs, assign_post_ids, load_wanted_revisions
from tests.rigs.memory_world import UPSTREAM, World, build_rss


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("a", "Text of a", tags="[x]")
    made.post("b", "Text of b")
    made.ingest()
    assign_post_ids(made.db, made.session.sources)
    assign_feed_slugs(made.db, lambda name: name, lambda wish, name, taken: (wish, wish))
    return made


def begin(world: World) -> Publication:
    return Publication(
        world.session, None, world.db, world.session.publishing, revisions=load_wanted_revisions(world.db)
    )  # type: ignore[arg-type]


def list_numbers(world: World) -> list[int]:
    return [number for (number,) in world.rows("SELECT id FROM post ORDER BY shown")]


def test_only_missing_entries_are_rendered(world: World) -> None:
    a, b = list_numbers(world)
    steps: list[tuple[int, int]] = []
    world.session.progress = lambda step, done, total: steps.append((done, total))
    assert render_missing(begin(world), {a: Extent.SHOWN})
    assert render_missing(begin(world), {a: Extent.ARCHIVED, b: Extent.ON_FRONT})
    assert render_missing(begin(world), {a: Extent.ON_PAGE})
    assert render_missing(begin(world), {a: Extent.ON_PAGE, b: Extent.ON_FRONT})
    assert steps == [(1, 1), (1, 1), (1, 1)]
    parts = EntryReader(world.db).read_parts([a, b, 99])
    assert set(parts) == {a, b}
    assert dict(zip(PARTS, map(bool, parts[a]), strict=True)) == {
        "atom": True, "rss": True, "json": True, "page": True, "teaser": False,
    }  # fmt: skip
    assert b"Text of a" in parts[a][0]
    assert b'term="x"' in parts[a][0]


def test_columns_keep_their_order_and_leave_out_empty_parts(world: World) -> None:
    a, b = list_numbers(world)
    render_missing(begin(world), {a: Extent.SHOWN, b: Extent.ON_FRONT})
    columns = EntryReader(world.db).read_columns([b, a])
    assert [b"Text of b" in part for part in columns["atom"]] == [True, False]
    assert len(columns["page"]) == len(columns["teaser"]) == 1


def test_read_entries_are_kept_within_a_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = list_numbers(world)
    render_missing(begin(world), {a: Extent.SHOWN, b: Extent.SHOWN})
    reader = EntryReader(world.db)
    first = reader.read_parts([a])[a]
    assert reader.read_parts([a, b])[a] is first
    monkeypatch.setattr(entry_cache, "_MAX_KEPT_BYTES", reader._size - 1)
    small = EntryReader(world.db)
    small.read_parts([a, b])
    assert list(small._kept) == [b]
    assert small._size == small._kept[b][0]


def test_an_invalid_post_leaves_its_feeds(world: World) -> None:
    a, b = list_numbers(world)
    world.db._connection.execute(
        "UPDATE post SET shown = json_set(shown, '$[1]', 'no address') WHERE id = ?", (a,)
    )
    publication = begin(world)
    before = dict(publication.revisions)
    assert not render_missing(publication, {a: Extent.SHOWN, b: Extent.SHOWN})
    assert world.rows(f"SELECT state, reason <> '' FROM post WHERE id = {a}") == [("invalid", 1)]
    assert publication.revisions == {feed: revision + 1 for feed, revision in before.items()}
    assert render_missing(publication, {b: Extent.SHOWN})


def test_warming_up_stores_nothing(world: World) -> None:
    warm_up(world.session, list_numbers(world)[0])
    assert world.rows("SELECT * FROM entry") == []


def test_the_origin_of_entries(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    assert load_origins(world.session) == {}
    world.ingest_feed(build_rss("a", head="<link>https://up.example/</link>"), url="https://up.example/feed")
    assert load_origins(world.session) == {
        "up": Origin("https://up.example/feed", "Up", "https://up.example/feed", "https://up.example/")
    }
    world.ingest_feed(build_rss("a", "b", head="<link>https://up.example/feed</link>"))
    assert load_origins(world.session)["up"].link == ""
    world.configure(more=UPSTREAM + 'title = "Mine"\nlink = "https://mine.example/"\n')
    origin = load_origins(world.session)["up"]
    assert (origin.title, origin.link) == ("Mine", "https://mine.example/")
