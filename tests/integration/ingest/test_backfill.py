"""Reading the past of an upstream, back to its beginning."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from feeds.ingest.backfill import HistoryPosition, find_previous_document
from feeds.parser.feeds.document import UpstreamHead
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Start, start  # noqa: F401 - a fixture
from tests.integration.ingest.test_upstreams import subscribe
from tests.integration.test_build import entries
from tests.rigs.servers import Answer, Asked, UpstreamServer, UpstreamThread


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def document(names: str, link: str = "", extra: str = "") -> bytes:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:f</id><title>F</title><updated>2024-01-01T00:00:00Z</updated>{link}{extra}'
        + "".join(
            f"<entry><id>urn:e:{name}</id><title>{name}</title><updated>20{ord(name) - 87}-01-01T00:00:00Z</updated>"
            f'<link href="https://up.example/{name}"/><content>Text {name}</content></entry>'
            for name in names
        )
        + "</feed>"
    ).encode()


def link(rel: str, url: str) -> str:
    return f'<link rel="{rel}" href="{url}"/>'


def backfill(project: Project, *arguments: str) -> dict[str, object]:
    done = project.run("backfill", "blog", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def titles(project: Project) -> str:
    project.run("build", "--offline")
    return "".join(sorted(str(one["title"]) for one in entries(project.output / "atom.xml")))


def test_archives_are_followed_resumed_and_read_once(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("gf", link("prev-archive", upstream.url("/2"))))
    upstream.routes["/2"] = Answer(body=document("edf", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("cba"))
    project.run("build")
    first = backfill(project, "--pages", "2")
    assert (first["pages"], first["new"], first["done"]) == (2, 2, False)
    assert titles(project) == "defg"
    second = backfill(project)
    assert (second["pages"], second["new"], second["done"]) == (1, 3, True)
    assert titles(project) == "abcdefg"
    assert len(upstream.asked("/2")) == len(upstream.asked("/1")) == 1
    assert "already" in str(backfill(project)["reason"])
    assert len(upstream.asked("/1")) == 1


def test_a_document_that_fails_is_tried_again_and_a_ring_ends(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("c", link("next", upstream.url("/2"))))
    upstream.routes["/2"] = Answer(500)
    first = backfill(project)
    assert (first["pages"], first["done"]) == (1, False)
    assert "500" in str(first["reason"])
    upstream.routes["/2"] = Answer(body=document("b", link("next", upstream.url("/feed"))))
    assert backfill(project)["done"] is True
    assert titles(project) == "bc"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("/page", "is not a feed"),
        ("http://10.0.0.1/1", "10.0.0.1"),
        ("javascript:x", ""),
        ("/broken", ""),
    ],
)
def test_a_past_that_leads_nowhere_ends_in_words_and_takes_nothing_away(
    project: Project, upstream: UpstreamServer, before: str, words: str
) -> None:
    subscribe(project, upstream)
    address = upstream.url(before) if before.startswith("/") else before
    upstream.routes["/feed"] = Answer(body=document("gf", link("prev-archive", address)))
    upstream.routes["/page"] = Answer(body=b"<html><body>an archive, for people</body></html>")
    upstream.routes["/broken"] = Answer(body=b"<feed><entry><id>" + b"\xff\x00<" * 999)
    first = backfill(project)
    assert int(str(first["new"])) >= 2
    assert words in str(first["reason"])
    assert first["reason"]
    assert {"f", "g"} <= set(titles(project))


def test_an_entry_of_megabytes_of_the_past_is_left_out(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("g", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("ab").replace(b"Text b", b"long " * 500_000))
    found = backfill(project)
    assert found["new"] == 2
    (trouble,) = found["troubles"]  # type: ignore[misc]
    assert "source blog: 1 entries of more than" in trouble
    assert titles(project) == "ag"


def test_an_address_that_two_of_the_past_share_joins_them_with_nothing(
    project: Project, upstream: UpstreamServer
) -> None:
    """Rule 3 holds in the past as well: two guids at one address burn it."""
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("g", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("ab").replace(b"up.example/b", b"up.example/a"))
    backfill(project)
    assert titles(project) == "abg"


def test_wordpress_is_asked_page_by_page_until_there_is_none(
    project: Project, upstream: UpstreamServer
) -> None:
    subscribe(project, upstream)
    pages = {"": "f", "paged=2": "de", "paged=3": "c"}

    def route(asked: Asked) -> Answer:
        names = pages.get(asked.target.partition("?")[2])
        generator = "<generator>https://wordpress.org/?v=6.4</generator>"
        return Answer(body=document(names, extra=generator)) if names else Answer(404)

    upstream.routes["/feed"] = route
    done = backfill(project)
    assert (done["new"], done["done"]) == (4, True)
    assert titles(project) == "cdef"


def test_what_is_known_stays_as_it_is(project: Project, upstream: UpstreamServer) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("b").replace(b"Text b", b"Newer"))
    project.run("build")
    upstream.routes["/feed"] = Answer(body=document("b", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("ab"))
    assert backfill(project)["new"] == 1
    assert titles(project) == "ab"
    assert b"Newer" in (project.output / "atom.xml").read_bytes()


def test_add_reads_the_past_of_what_it_adds(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=document("b", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("a"))
    done = project.run("add", upstream.url("/feed"), "--allow", upstream.authority, "--backfill")
    assert "2 older posts (2 pages fetched, reached the beginning)" in done.stdout, done.stderr
    assert titles(project) == "ab"


def test_a_running_daemon_reads_the_past(
    project: Project,
    upstream: UpstreamServer,
    start: Start,  # noqa: F811
) -> None:
    subscribe(project, upstream)
    upstream.routes["/feed"] = Answer(body=document("b", link("prev-archive", upstream.url("/1"))))
    upstream.routes["/1"] = Answer(body=document("a"))
    running = start()
    running.until(lambda: bool(running.events("ready")))
    assert "running daemon" in project.run("backfill", "blog").stdout
    running.until(lambda: bool(running.events("backfilled")))
    running.until(lambda: "<title>a</title>" in (project.output / "atom.xml").read_text("utf-8"))
    assert running.stop() == 0


def test_a_name_that_no_upstream_has_is_an_error(project: Project) -> None:
    project.post("2024-01-01-a.md")
    done = project.run("backfill", "nobody")
    assert done.returncode == 2
    assert "no upstream feed of this name" in done.stderr


def test_which_document_comes_next() -> None:
    assert find_previous_document(UpstreamHead(prev_archive="u", next_page="v"), b"", "w", "") == (
        "u",
        "archive",
    )
    assert find_previous_document(UpstreamHead(next_page="v"), b"", "w", "archive") == ("", "archive")
    assert find_previous_document(UpstreamHead(), b"", "https://x.example/?feed=rss2&paged=4", "paged")[
        0
    ].endswith("paged=5")
    assert find_previous_document(UpstreamHead(), b"<generator>Hugo</generator>", "w", "") == ("", "")
    place = HistoryPosition("u", "archive", 3, False, ("a",))
    assert HistoryPosition.from_json(place.to_json()) == place
