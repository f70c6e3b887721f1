"""An upstream feed that renames its entries: a new domain, new guids."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from feeds.api import load_config
from feeds.builder import build
from feeds.reports import BuildReport
from tests.conftest import Project
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def write_item(number: int, site: str, guid: str = "", title: str = "", day: int = 0) -> str:
    """Return an entry; its guid is its address unless stated."""
    address = f"https://{site}/post/{number}"
    return (
        f"<item><guid>{guid or address}</guid><link>{address}</link><title>{title or f'Post {number}'}</title>"
        f"<pubDate>Mon, {day or number:02} May 2024 10:00:00 GMT</pubDate><description>Words {number}</description></item>"
    )


def poll(project: Project, upstream: UpstreamServer, items: Sequence[str]) -> BuildReport:
    text = f"<rss version='2.0'><channel><title>F</title>{''.join(items)}</channel></rss>"
    upstream.routes["/feed"] = Answer(body=text.encode())
    return build(load_config(Path(project.config)), jobs=1)


def find_ids(project: Project) -> dict[str, str]:
    return {str(e["title"]): str(e["id"]) for e in entries(project.output / "atom.xml")}


def test_a_feed_that_moves_keeps_its_posts(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    poll(project, upstream, [write_item(n, "old.example") for n in range(1, 6)])
    before = find_ids(project)
    report = poll(project, upstream, [write_item(n, "new.example") for n in range(2, 7)])
    after = find_ids(project)
    assert report.notes == ["source blog: the feed has moved: 4 of its 5 entries have other guids"]
    assert after == before | {"Post 6": after["Post 6"]}
    document = (project.output / "atom.xml").read_text("utf-8")
    assert 'href="https://new.example/post/3"' in document
    assert 'href="https://old.example/post/3"' not in document
    # A new machine reads only the new entries, and the ledger.
    shutil.copy(project.folder / "state" / "ledger.jsonl", project.folder / "ledger.jsonl")
    for name in ("state", "output"):
        shutil.rmtree(project.folder / name)
    (project.folder / "state").mkdir()
    shutil.move(project.folder / "ledger.jsonl", project.folder / "state" / "ledger.jsonl")
    poll(project, upstream, [write_item(n, "new.example") for n in range(2, 7)])
    assert find_ids(project) == {title: uid for title, uid in after.items() if title != "Post 1"}


def test_an_entry_with_another_guid_and_title_is_known_by_its_text_and_date(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    poll(
        project, upstream, [write_item(1, "old.example", "urn:a:1"), write_item(2, "old.example", "urn:a:2")]
    )
    before = find_ids(project)
    poll(
        project,
        upstream,
        [write_item(1, "old.example/x", "urn:b:1", "Other title"), write_item(2, "old.example", "urn:a:2")],
    )
    assert find_ids(project) == {"Other title": before["Post 1"], "Post 2": before["Post 2"]}


def test_a_short_text_of_another_day_and_an_entry_that_stays_are_others(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    first = write_item(1, "a.example", "urn:a:1", "Good morning", day=1)
    poll(project, upstream, [first])
    repeated = first.replace("urn:a:1", "urn:a:9").replace("post/1", "post/9").replace("Mon, 01", "Tue, 09")
    poll(project, upstream, [repeated])
    assert len(entries(project.output / "atom.xml")) == 2
    twin = write_item(3, "a.example", "urn:a:3")
    poll(project, upstream, [twin, repeated])
    poll(project, upstream, [twin, twin.replace("urn:a:3", "urn:a:4").replace("post/3", "post/4"), repeated])
    assert len(entries(project.output / "atom.xml")) == 4
