"""Whatever a hostile document or post holds, the good one beside it is published, and soon."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator
from html import escape

import pytest

from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_outline
from feeds.parser.feeds.splitter import split_entries
from tests.conftest import Project
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs import hostile
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

MANY = 60_000
SECONDS = 60
"""CPU time for all of them together: the budget of one document."""


def measure_children() -> float:
    """Return the CPU time of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def build_channel(inside: str) -> bytes:
    return f"<rss version='2.0'><channel><title>t</title>{inside}</channel></rss>".encode()


def build_items(inside: Callable[[int], str], count: int = 20) -> bytes:
    return build_channel("".join(f"<item><guid>h{n}</guid>{inside(n)}</item>" for n in range(count)))


DOCUMENTS = {
    "words of an address": build_channel("<managingEditor>" + "a-" * MANY + "@</managingEditor>"),
    "an address without an end": build_channel(f"<managingEditor>a@{'b.' * MANY}!</managingEditor>"),
    "authors of entries": build_items(lambda n: f"<author>{'a.b-' * 5000}@{'c.' * 500}</author>"),
    "names with brackets": build_items(lambda n: f"<author>{'a@b (' * 200}</author>"),
    "dates of spaces": build_items(lambda n: f"<pubDate>2024年1月1日{' ' * 5000}x</pubDate>"),
    "dates of words": build_items(lambda n: f"<pubDate>{'(' * 2000}mon {'1 ' * 2000}</pubDate>"),
    "scripts without an end": build_items(lambda n: f"<title>{escape('<script>' * 3000)}</title>"),
    "tags without an end": build_items(lambda n: f"<description>{escape('<a b=' * 3000)}</description>"),
    "deep elements": build_items(lambda n: f"<description>{escape('<div>' * 3000)}</description>"),
    "tables in tables": build_items(lambda n: f"<description>{escape('<table><td>' * 2000)}</description>"),
    "hidden elements": build_items(lambda n: f"<description>{escape('<p hidden><b>x' * 1000)}</description>"),
    "references": build_items(lambda n: f"<description>{'&amp;#' * 5000}</description>"),
    "attributes": build_channel(f"<item {'a=b ' * MANY}>"),
    "elements without an end": build_channel("<item><title>" * (MANY // 4)),
    "sections without an end": build_channel("<![CDATA[" * MANY),
    "comments without an end": build_channel("<!--" * MANY),
    "entities": b"<!DOCTYPE rss [" + b"<!ENTITY a 'b" * MANY + b"<rss>",
    "guids of markup": build_items(lambda n: f"<guid>{' ' * 2000}<{' ' * 2000}</guid>"),
    "namespaces": b"<rss " + b"xmlns:a='b' " * MANY + b"><channel></channel></rss>",
    "terms": build_items(lambda n: "".join(f"<category>{n} {m}</category>" for m in range(200))),
    "a list": b"<opml><body>" + b"<outline xmlUrl='x' text='" * MANY,
    "JSON": b'{"version": "https://jsonfeed.org/version/1.1", "items": ' + b"[" * MANY,
    "JSON with surrogates": json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "t",
            "items": [
                {"id": f"{n}\ud800", "title": "\ud800", "content_html": "<p>\udfff" * 500} for n in range(50)
            ],
        }
    ).encode(),
    "bytes of no encoding": b"<rss><channel><title>" + bytes(range(128, 256)) * 1000,
}
"""Documents, each slow for a parser or a pattern that tries more than it has to."""


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def test_the_good_document_beside_hostile_documents_is_published(
    project: Project, upstream: UpstreamServer
) -> None:
    for number, (name, document) in enumerate(DOCUMENTS.items()):
        upstream.routes[f"/{number}"] = Answer(body=document)
        subscribe(project, upstream, f"/{number}", name.replace(" ", "-"))
    upstream.routes["/good"] = Answer(body=rss([("g", "https://good.example/1", "Good")]))
    subscribe(project, upstream, "/good", "good")
    project.set("entries = 50", "entries = 9000")
    started = measure_children()
    run = project.run("build")
    assert measure_children() - started < SECONDS
    assert run.returncode in (0, 1)
    assert "Traceback" not in run.stderr
    assert "takes longer" not in run.stdout + run.stderr
    assert "cannot be parsed" not in run.stdout + run.stderr
    assert "Good" in titles(project)


def test_each_good_post_beside_a_hostile_post_is_published(project: Project) -> None:
    for number, (name, source) in enumerate(hostile.POSTS.items()):
        (project.posts / f"2024-01-02-p{number:03}.md").write_text(source, "utf-8")
        project.post(f"2024-01-03-good{number:03}.md", f"Good beside {name}")
    (project.folder / "site" / "_config.yml").write_text("title: t\n", "utf-8")
    project.set("entries = 50", "entries = 900")
    # The deadline is real time, and this test measures processor time.
    project.set("[[identity]]", "[limits]\nitem_seconds = 60\n[[identity]]")
    started = measure_children()
    run = project.run("build")
    assert measure_children() - started < SECONDS
    assert run.returncode in (0, 1)
    assert "Traceback" not in run.stderr
    assert "takes longer" not in run.stdout + run.stderr
    assert {f"Good beside {name}" for name in hostile.POSTS} - set(titles(project)) == set()


@pytest.mark.parametrize(
    "text", ["a-" * MANY, "a@b." * MANY, "a." * MANY + "@", "a@" + "b-." * MANY, "&#65;" * MANY]
)
@pytest.mark.parametrize(
    "element", ["author", "managingEditor", "webMaster", "dc:creator", "itunes:author", "dc:publisher"]
)
def test_the_library_sees_no_long_address(element: str, text: str) -> None:
    """feedparser looks for a mail address in the text of a person with a pattern that takes square time."""
    inside = f"<{element}>{text}</{element}>"
    started = time.process_time()
    for document in (build_channel(inside), build_channel(f"<item><guid>1</guid>{inside}</item>")):
        parse_outline(split_entries(decode(document, "text/xml")), "https://a.example/", "UTC")
    assert time.process_time() - started < 2
