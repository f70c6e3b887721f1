"""The history of a feed: which document comes next, where it ends, and what an interruption keeps."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from feeds.fetcher.politeness import HostHolds
from feeds.http import Client, Response
from feeds.ingest.backfill import (
    HistoryPosition,
    HistoryReport,
    _build_next_page,
    _build_request,
    fetch_history,
    find_previous_document,
)
from feeds.parser.feeds.document import UpstreamHead
from tests.rigs.memory_world import UPSTREAM, World, build_rss

URL = "https://up.example/feed"
HEAD = UpstreamHead()


def test_a_position_survives_the_store() -> None:
    place = HistoryPosition("https://a.example/新", "page", 3, True, ("x", "y"))
    assert HistoryPosition.from_json(place.to_json()) == place
    assert HistoryPosition.from_json("") == HistoryPosition()


@pytest.mark.parametrize(
    ("head", "data", "kind", "found"),
    [
        ({"prev_archive": "A", "next_page": "P"}, b"", "", ("A", "archive")),
        ({"next_page": "P"}, b"", "", ("P", "page")),
        ({"next_page": "P"}, b"", "page", ("P", "page")),
        ({"next_page": "P"}, b"", "archive", ("", "archive")),
        ({}, b"<generator>https://wordpress.org/?v=6</generator>", "", (URL + "?paged=2", "paged")),
        ({}, b"<generator>WordPress</generator>", "", (URL + "?paged=2", "paged")),
        ({}, b" " * 20_000 + b"<generator>WordPress</generator>", "", ("", "")),
        ({}, b"", "paged", (URL + "?paged=2", "paged")),
        ({}, b"<generator>WordPress</generator>", "page", ("", "page")),
        ({}, b"", "", ("", "")),
    ],
)
def test_the_document_before(head: dict[str, str], data: bytes, kind: str, found: tuple[str, str]) -> None:
    assert find_previous_document(replace(HEAD, **head), data, URL, kind) == found


def test_numbered_pages_keep_other_parameters() -> None:
    assert _build_next_page(URL) == URL + "?paged=2"
    assert _build_next_page(URL + "?a=&paged=9&b=x") == URL + "?a=&b=x&paged=10"


class Archive(Client):
    """Answers each address with a document or a status."""

    def __init__(self, documents: dict[str, bytes | int]) -> None:
        super().__init__("test")
        self.documents, self.seen, self.auth = documents, [], []

    async def get(self, url: str, *_: Any, auth: str = "", **__: Any) -> Response:
        self.seen.append(url)
        self.auth.append(auth)
        found = self.documents[url]
        return Response(found, url, (), b"") if isinstance(found, int) else Response(200, url, (), found)


def page(*names: str, following: str = "") -> bytes:
    link = (
        f'<a:link xmlns:a="http://www.w3.org/2005/Atom" rel="next" href="{following}"/>' if following else ""
    )
    return build_rss(*names, head=link)


def run(world: World, client: Archive, most: int = 100, hosts: HostHolds | None = None) -> HistoryReport:
    ingester = world.open_ingester()
    (source,) = world.session.load_upstreams()[0]

    async def directly(work: Any, *arguments: Any) -> Any:
        return work(*arguments)

    assert source.request is not None
    request = source.request._replace(gap=0)
    return asyncio.run(fetch_history(ingester, request, client, hosts or HostHolds(), directly, most))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, more=UPSTREAM)


def test_a_history_is_fetched_to_its_beginning_once(world: World) -> None:
    client = Archive({URL: page("c", following=URL + "2"), URL + "2": page("a", "b")})
    past = run(world, client)
    assert (past.pages, past.new, past.done, past.reason) == (2, 3, True, "its beginning was reached")
    again = run(world, client)
    assert (again.pages, again.done, again.reason) == (
        0,
        True,
        "its history was already fetched to the beginning",
    )
    assert client.seen == [URL, URL + "2"]


def test_a_history_goes_on_where_it_stopped(world: World) -> None:
    client = Archive(
        {URL: page("c", following=URL + "2"), URL + "2": page("b", following=URL + "3"), URL + "3": 500}
    )
    past = run(world, client, most=1)
    assert (past.pages, past.done, past.reason) == (
        1,
        False,
        "1 documents were fetched; run it again to continue",
    )
    past = run(world, client)
    assert (past.pages, past.done) == (1, False)
    assert "500" in past.reason
    client.documents[URL + "3"] = page("a")
    assert run(world, client).done
    assert client.seen == [URL, URL + "2", URL + "3", URL + "3"]


def test_a_circle_and_repeated_pages_end(world: World, tmp_path: Path) -> None:
    past = run(world, Archive({URL: page("a", following=URL + "2"), URL + "2": page("b", following=URL)}))
    assert (past.pages, past.done) == (2, True)
    generator = "<generator>https://wordpress.org/?v=6</generator>"
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other", more=UPSTREAM)
    same = build_rss("a", head=generator)
    past = run(other, Archive({URL: same, URL + "?paged=2": same, URL + "?paged=3": same}))
    assert (past.pages, past.new, past.done) == (2, 1, True)


def test_a_missing_numbered_page_is_the_beginning(world: World) -> None:
    first = build_rss("a", head="<generator>https://wordpress.org/?v=6</generator>")
    past = run(world, Archive({URL: first, URL + "?paged=2": 404}))
    assert (past.done, past.reason) == (True, "its beginning was reached")
    assert run(world, Archive({})).done


def test_what_is_no_feed_and_held_hosts_stop(world: World) -> None:
    assert "is not a feed" in run(world, Archive({URL: b"<html></html>"})).reason
    hosts = HostHolds({"up.example": world.now.replace(hour=13)})
    assert run(world, Archive({}), hosts=hosts).reason == "its host is rate-limited until 2024-05-01 13:00"


def test_credentials_stay_on_their_site() -> None:
    from feeds.fetcher.request import Request

    request = Request("up", URL, auth="Bearer x")
    assert _build_request(request, "https://up.example/2").auth == "Bearer x"
    assert _build_request(request, "https://other.example/2") == request._replace(
        url="https://other.example/2", auth=""
    )
