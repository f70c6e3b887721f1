"""A store of the former rule for the names and keys of entries: what was joined parts, and ids stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feeds.api import load_config
from feeds.builder import build
from feeds.storage.sqlite import Database
from tests.conftest import ROOT, Project
from tests.integration.storage.test_migrations import older_store
from tests.integration.test_build import entries
from tests.rigs.servers import UpstreamServer, UpstreamThread, conditional

STORE = ROOT / "tests" / "cases" / "stores" / "entry_keys.sql"
IDS = {
    "urn:uuid:c22d7c5f-3fa7-588a-821c-fd9a01481b98",
    "urn:uuid:6bcd028d-2c22-54ab-b7bc-7398872fc46d",
    "urn:uuid:76c9284d-b9d8-50ae-95f4-d4dbd7f9ce07",
    "urn:uuid:e1e1e830-1faf-5a31-9f35-94acbdeb60ff",
}


def write_item(title: str, day: int, text: str, more: str = "") -> str:
    date = f"<pubDate>Mon, {day:02} May 2024 10:00:00 GMT</pubDate>"
    return f"<item><title>{title}</title>{more}{date}<description>{text}</description></item>"


def write_feed() -> bytes:
    items = [
        *(write_item("Closed", day, "We are closed.") for day in (6, 7)),
        write_item("Guide", 8, "One", "<guid>N/A</guid><link>https://f.example/1</link>"),
        write_item("Guide 2", 9, "Two", "<guid>N/A</guid><link>https://f.example/2</link>"),
        write_item("Same words", 10, "Same words.", '<guid isPermaLink="false">g1</guid>'),
        write_item("Same words", 11, "Same words.", '<guid isPermaLink="false">g2</guid>'),
    ]
    head = "<title>F</title><link>https://f.example/</link>"
    return f"<rss version='2.0'><channel>{head}{''.join(items)}</channel></rss>".encode()


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        server.routes["/feed"] = conditional(write_feed(), '"v1"')
        yield server


@pytest.fixture
def site(project: Project, upstream: UpstreamServer) -> Project:
    """The file and the upstream that the store knows."""
    posts = project.folder / "posts"
    posts.mkdir()
    head = "title: Ours\ndate: 2024-01-02 10:00:00 +0000\nlink: https://f.example/4"
    (posts / "a.md").write_text(f"---\n{head}\n---\nOur text.\n", "utf-8")
    project.config.write_text(
        '[site]\ntitle = "T"\nurl = "https://site.example/"\n[output]\ndir = "output"\n[store]\nurl = "state/feedd.db"\n'
        '[[sources]]\nname = "posts"\npath = "posts"\n[[sources]]\nname = "blog"\nkind = "upstream"\n'
        f'url = "{upstream.url("/feed")}"\nallow = ["{upstream.authority}"]\n',
        "utf-8",
    )
    return project


def find_ids(project: Project) -> set[str]:
    return {str(entry["id"]) for entry in entries(project.output / "atom.xml")}


def test_entries_of_an_older_store_part_and_published_ids_stay(site: Project) -> None:
    older_store(site.folder / "state" / "feedd.db", 12).executescript(STORE.read_text("utf-8"))
    config = load_config(Path(site.config))
    report = build(config, jobs=1)
    assert (report.posts, report.parted, report.entries["published"]) == (7, 1, 6)
    assert find_ids(site) >= IDS
    assert len(find_ids(site)) == 7
    before = site.bytes()
    again = build(config, jobs=1)
    assert (again.parted, again.written) == (0, [])
    assert site.bytes() == before


def test_a_new_machine_derives_the_ids_that_an_older_version_published(site: Project) -> None:
    build(load_config(Path(site.config)), jobs=1)
    # Which of two equal texts had the id depends on what the older version had read.
    assert len(IDS & find_ids(site)) >= 3


def test_a_feed_is_fetched_in_full_once_when_the_rule_changes(
    site: Project, upstream: UpstreamServer
) -> None:
    config = load_config(Path(site.config))
    build(config, jobs=1)
    build(config, jobs=1)
    assert upstream.log[-1].headers["if-none-match"] == '"v1"'
    with closing(Database.open(site.folder / "state" / "feedd.db")) as db, db.transaction():
        db._connection.execute("UPDATE meta SET value = '0' WHERE name LIKE 'entry_keys%'")
        db._connection.execute("UPDATE source SET settings = 'older'")
    build(config, jobs=1)
    assert "if-none-match" not in upstream.log[-1].headers
    build(config, jobs=1)
    assert upstream.log[-1].headers["if-none-match"] == '"v1"'
