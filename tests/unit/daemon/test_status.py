"""The status of sources, posts and feeds, as commands and the status page show it."""

from __future__ import annotations

from pathlib import Path

from feeds.daemon.status import format_time, get_label, load_status
from feeds.fetcher.feed import FetchState
from feeds.storage.sources import add_sources
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def test_folders_feeds_and_posts_are_counted(tmp_path: Path) -> None:
    world = World(tmp_path, more='[labels.tag]\nx = "Letter X"\n')
    world.post("a", tags="[x]")
    world.post("b")
    world.post("draft", published="false")
    (world.posts / "broken.md").write_text(
        '---\ntitle: "a "b""\ndate: 2024-04-01 10:00:00 +0000\n---\nText\n'
    )
    world.build()
    (world.posts / "b.md").unlink()
    world.build()
    add_sources(world.db, ["old"])
    status = load_status(world.db, world.config)
    news, old = status["sources"]
    assert (news["name"], news["configured"], news["complete"], news["upstream"]) == (
        "news",
        True,
        True,
        None,
    )
    assert news["last_read"] == "2024-05-01T12:00:00+00:00"
    assert news["files"] == {
        "item": 2,
        "ignored": 0,
        "unpublished": 1,
        "rejected": 0,
        "vanished": 0,
        "repaired": 1,
    }
    assert (old["name"], old["configured"], old["complete"]) == ("old", False, False)
    assert status["posts"] == {"gone": 1, "live": 2}
    feeds = {feed["folder"]: feed for feed in status["feeds"]}
    assert (feeds["/"]["kind"], feeds["/"]["posts"]) == ("all", 2)
    assert (feeds["tag/x/"]["name"], feeds["tag/x/"]["label"], feeds["tag/x/"]["posts"]) == (
        "x",
        "Letter X",
        1,
    )
    assert status["documents"] == world.rows("SELECT count(*) FROM document")[0][0]
    assert get_label(world.config, "category", "x") == "x"


def test_kept_files_of_a_vanished_post_count_once(tmp_path: Path) -> None:
    world = World(tmp_path, source='on_remove = "keep"')
    world.post("a")
    world.build()
    (world.posts / "a.md").unlink()
    world.build()
    files = load_status(world.db, world.config)["sources"][0]["files"]
    assert (files["item"], files["vanished"]) == (0, 1)


def test_the_health_of_an_upstream_feed(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    assert load_status(world.db, world.config)["sources"][1]["upstream"] is None
    world.ingest_feed(build_rss("a", "b"))
    source = load_status(world.db, world.config)["sources"][1]
    upstream = source["upstream"]
    assert source["entries"] == 2
    assert (upstream["health"], upstream["failures"], upstream["title"]) == ("well", 0, "Up")
    assert (upstream["last_poll"], upstream["url"], upstream["hubs"]) == (
        "2024-05-01T12:00:00Z",
        "https://up.example/feed",
        [],
    )
    assert upstream["next_poll"] > upstream["last_poll"]
    world.ingest_feed(b"", outcome="failed", reason="down", state=FetchState(failures=2))
    upstream = load_status(world.db, world.config)["sources"][1]["upstream"]
    assert (upstream["health"], upstream["failures"], upstream["reason"]) == ("failing", 2, "down")
    world.ingest_feed(b"", outcome="gone", state=FetchState(gone=True))
    upstream = load_status(world.db, world.config)["sources"][1]["upstream"]
    assert (upstream["health"], upstream["next_poll"]) == ("gone", "")


def test_times_are_in_utc() -> None:
    assert format_time(0) == "1970-01-01T00:00:00Z"
