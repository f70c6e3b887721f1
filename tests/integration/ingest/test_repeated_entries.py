"""Every entry of a document is published, whatever guids, addresses and texts the entries share."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Project
from tests.integration.ingest.test_upstreams import build, subscribe, titles
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread


def write_item(title: str, guid: str = "", link: str = "", text: str = "", day: int = 6) -> str:
    """Return an RSS item; empty fields are left out."""
    parts = [f"<title>{title}</title>", f"<pubDate>Mon, {day:02} May 2024 10:00:00 GMT</pubDate>"]
    parts += [f'<guid isPermaLink="false">{guid}</guid>'] if guid else []
    parts += [f"<link>{link}</link>"] if link else []
    return f"<item>{''.join(parts)}<description>{text or 'About ' + title}</description></item>"


def write_feed(*items: str) -> Answer:
    text = f"<rss version='2.0'><channel><title>Feed</title><link>https://a.example/</link>{''.join(items)}</channel></rss>"
    return Answer(body=text.encode())


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def find_ids(project: Project) -> dict[str, str]:
    return {str(entry["title"]): str(entry["id"]) for entry in entries(project.output / "atom.xml")}


def poll(project: Project, upstream: UpstreamServer, *items: str) -> dict[str, object]:
    upstream.routes["/feed"] = write_feed(*items)
    return build(project)


@pytest.mark.parametrize(
    "items",
    [
        [write_item(n, "N/A", f"https://a.example/{n}") for n in "abc"],
        [write_item(n, "N/A") for n in "abc"],
        [write_item(n, "N/A", "https://a.example/changes") for n in "abc"],
        [write_item(n, "", "https://a.example/changes") for n in "abc"],
        [write_item(n, n if n == "a" else "", "https://a.example/changes") for n in "abc"],
        [write_item("same", n, day=3 + day, text="same") for day, n in enumerate("abc")],
        [write_item("same", "", day=3 + day, text="same") for day in range(3)],
        [write_item("same", "N/A", "https://a.example/x", text=n) for n in "abc"],
        [write_item("same", "urn:x:1", text=n) for n in "abc"],
    ],
)
def test_entries_that_share_a_name_are_all_published(
    project: Project, upstream: UpstreamServer, items: list[str]
) -> None:
    subscribe(project, upstream)
    assert poll(project, upstream, *items)["posts"] == 3
    before = project.bytes()
    assert poll(project, upstream, *items)["posts"] == 3
    assert project.bytes() == before
    assert poll(project, upstream, *items[::-1])["posts"] == 3
    assert project.run("validate").returncode == 0


def test_entries_that_are_equal_in_everything_are_one_post(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    items = [write_item("a", "1"), write_item("a", "1").replace("<title>", " <title>"), write_item("b", "2")]
    assert poll(project, upstream, *items)["posts"] == 2
    assert titles(project) == ["a", "b"]


def test_an_entry_keeps_its_id_when_another_with_its_guid_appears(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    first, second = (write_item(n, "N/A", f"https://a.example/{n}") for n in "ab")
    poll(project, upstream, first)
    before = find_ids(project)
    poll(project, upstream, second, first)
    assert len(find_ids(project)) == 2
    assert find_ids(project)["a"] == before["a"]
    edited = write_item("a", "N/A", "https://a.example/a", "Quite another text")
    assert poll(project, upstream, second, edited)["posts"] == 2
    assert find_ids(project)["a"] == before["a"]


def test_news_of_a_page_without_guids_appear_one_after_the_other(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    news = [write_item(f"v{n}", "", "https://a.example/changes", day=n) for n in range(1, 5)]
    poll(project, upstream, news[0])
    first = find_ids(project)["v1"]
    for count in (2, 3, 4):
        poll(project, upstream, *news[:count][::-1])
        assert titles(project) == [f"v{n}" for n in range(1, count + 1)]
    assert find_ids(project)["v1"] == first
    # Once an address is shared, it names no entry any more, also not a single one.
    poll(project, upstream, write_item("v5", "", "https://a.example/changes", day=5))
    assert titles(project) == ["v1", "v2", "v3", "v4", "v5"]


def test_a_very_long_guid_and_a_nul_are_a_name_like_any_other(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    items = [
        {"id": "g" * 3000 + name, "title": name, "content_text": name, "url": f"https://a.example/{name}"}
        for name in "ab"
    ]
    items.append({"id": "a\0b", "title": "c\0", "content_text": "c", "url": "https://a.example/c"})
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": items}
    upstream.routes["/feed"] = Answer(body=json.dumps(document).encode())
    assert build(project)["posts"] == 3
    before = find_ids(project)
    items[0]["content_text"] = "changed"
    upstream.routes["/feed"] = Answer(body=json.dumps(document).encode())
    assert build(project)["posts"] == 3
    assert find_ids(project) == before
    assert "\\u0000" not in project.ledger()
