"""Pages and indexes: what they list, where they lead, and what is private."""

from __future__ import annotations

from pathlib import Path

from feeds.publisher.pages import _list_feed, find_unmatched_private_feeds
from tests.rigs.memory_world import UPSTREAM, World, build_rss


def test_the_indexes_list_every_public_feed(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a", tags="[x]", categories="[c]")
    world.build()
    front, opml = world.read("index.html"), world.read("feeds.opml")
    for path in ("category/c/", "tag/x/"):
        assert path in front
        assert path in opml
    assert opml.index("category/c/") < opml.index("tag/x/")
    assert "https://site.example/feeds/atom.xml" in opml
    assert "a" in front


def test_private_feeds_are_listed_nowhere(tmp_path: Path) -> None:
    serve = '[serve]\nprivate = [{{ feed = "{}", auth = "env:LOGIN" }}]\n'
    world = World(tmp_path, more=serve.format("tag/x"))
    world.post("a", tags="[x, y]")
    published = world.build()
    assert "tag/x" not in world.read("feeds.opml")
    assert "tag/x" not in world.read("index.html")
    assert "tag/y" in world.read("feeds.opml")
    assert find_unmatched_private_feeds(published) == []
    page = world.read("tag/x/index.html")
    assert "https://site.example/feeds/tag/x/atom.xml" not in page
    assert 'href="atom.xml"' in page
    world.configure(more=serve.format("tag/label"))
    assert find_unmatched_private_feeds(world.publish()) == [
        "serve.private: there is no feed tag/label (yet); write its folder as `feedd status --json` shows it"
    ]
    world.configure()
    assert find_unmatched_private_feeds(world.publish()) == []


def test_the_front_page_has_teasers_of_the_newest_and_a_way_to_the_archive(tmp_path: Path) -> None:
    world = World(tmp_path, entries=2)
    for number in range(1, 6):
        world.post(f"post{number}", f"Text {number}", date=f"2024-04-0{number} 10:00:00 +0000")
    world.build()
    front = world.read("index.html")
    assert front.index("post5") < front.index("post4")
    assert "archive/1.atom.xml" in front or "archive/2.atom.xml" in front


def test_upstream_feeds_are_listed_with_their_health(tmp_path: Path) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.ingest_feed(build_rss("a", head="<link>https://up.example/</link>"))
    world.publish()
    assert "https://up.example/" in world.read("index.html")
    number = world.rows("SELECT count(*) FROM sighting")[0][0]
    assert number == 1


def test_pages_of_feeds_show_posts_and_formats(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a", "The *text*", tags="[x]")
    world.build()
    page = world.read("tag/x/index.html")
    assert "<em>text</em>" in page
    assert "https://site.example/feeds/tag/x/rss.xml" in page


def test_indexes_are_written_again_only_if_a_feed_changed_or_they_are_lost(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a")
    world.build()
    assert "index.html" not in world.publish().tree.written
    (world.output / "feeds.opml").unlink()
    assert "feeds.opml" in world.publish().tree.written


def test_only_the_feed_of_everything_has_a_date_in_the_index(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.post("a", tags="[x]")
    published = world.build()
    feeds = {feed.kind: feed for feed in world.db.load_feeds()}
    for kind, latest, date in (("all", 86400, "1970-01-02"), ("all", 0, ""), ("tag", 86400, "")):
        listed = _list_feed(published, feeds[kind], latest)
        assert listed is not None
        assert (listed.updated.date().isoformat() if listed.updated else "") == date
