"""Hostile input takes bounded time, whichever reader it meets."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
import zlib
from time import process_time

import pytest

from feeds.errors import FetchError, UsageError
from feeds.http.content_coding import Decoder
from feeds.parser.lists.discovery import MOST, find_candidates
from feeds.parser.lists.opml import read_opml
from feeds.parser.posts.front_matter import read_front_matter
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from tests.unit.parser.feeds.test_feed import parse, rss
from tests.unit.parser.lists.test_discovery import PAGE
from tests.unit.parser.lists.test_planet_venus import read
from tests.unit.sanitizer.test_html import BASE


@pytest.mark.parametrize(
    "text",
    [
        rss("", "".join(f"<category>{n}</category>" for n in range(30_000)) + "<item/>"),
        rss("<item>" + "".join(f"<podcast:person>{n}</podcast:person>" for n in range(20_000)) + "</item>"),
        rss("<item>" + "<author>a@b " * 50_000 + "</item>"),
        rss("<item><title>a</title></item>" * 5_000),
        rss("<item>" + "<a>" * 20_000 + "</item>"),
        rss("<!--" * 50_000),
        rss("<item><![CDATA[" * 20_000),
        rss("<item " + " ".join(f"a{n}='u'" for n in range(20_000)) + "></item>"),
        rss("<item><title>" + "&" * 100_000 + "</title></item>"),
        "<rss " + "x='" * 100_000,
        '{"version":"https://jsonfeed.org/version/1.1","items":' + "[" * 100_000,
    ],
    ids=[
        "terms of the head",
        "podcasts",
        "people",
        "entries",
        "depth",
        "comments",
        "cdata",
        "attributes",
        "ampersands",
        "quotes",
        "json",
    ],
)
def test_hostile_documents_take_bounded_time(text: str) -> None:
    start = process_time()
    parse(text)
    assert process_time() - start < 5


@pytest.mark.parametrize(
    "data",
    [
        b"<outline>" * 100_000,
        b"<!DOCTYPE [" * 200_000,
        b"<!--" * 500_000,
        b'<outline "' * 200_000,
        b"<outline '\"" * 200_000,
        b"<outline " + b"a=b " * 500_000 + b"/>",
        b"<outline text='a'>" * 900 + b"<outline xmlUrl='http://a.b/%d'/>" * 50_000,
        b"".join(b"<outline category='%d' xmlUrl='http://a.b/'/>" % n for n in range(40_000)),
    ],
)
def test_hostile_lists_cost_little(data: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(UsageError):
        read_opml(data, "list")
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "data",
    [
        b"[Planet]\n" + b"[http://a.example/%%d]\n" * 100_000,
        b"[Planet]\na = %(a)s%(a)s%(a)s\nname = %(a)s\n" + b"b = %(a)s\n" * 100_000,
        b"[DEFAULT]\n" + b"".join(b"k%d=1\n" % n for n in range(100_000)) + b"[Planet]\n",
        b"[Planet]\nname = x\n" + b" y\n" * 500_000,
        b"[Planet]\nname = " + b"%(a" * 500_000,
    ],
)
def test_hostile_files_cost_little(data: bytes) -> None:
    start = time.process_time()
    try:
        planet = read(data)
    except UsageError:
        planet = None
    assert time.process_time() - start < 4
    assert planet is None or len(planet.site.title) < 3_000_000


@pytest.mark.parametrize(
    "html",
    [
        "<a href=/feed>" * 100_000,
        "<div>" * 200_000,
        "<a " + "b=c " * 200_000 + ">",
        "<" * 1_000_000,
        "<!--" * 250_000,
        "<![CDATA[" * 100_000,
        "<?x " * 250_000,
        "</a " * 250_000,
        "<a href='" * 100_000,
        "<script>" * 100_000,
        "<a>&" * 100_000,
        "<a href='/" + "feed/" * 200_000 + "'>",
        "<link rel='" + "alternate " * 100_000 + "'>",
        b"\xff" * 1_000_000 + b"<a href=/feed>",
        "".join(f"<link rel=feed href=/{n}>" for n in range(30_000)),
    ],
)
def test_hostile_pages_cost_little(html: str | bytes) -> None:
    start = time.process_time()
    assert len(find_candidates(html, PAGE)) <= MOST
    assert time.process_time() - start < 3


HOSTILE = {
    "quotes": "---\ntitle: " + '"' * 1_000_000 + "\n---\n",
    "quoted words": "---\ntitle: " + '"a" ' * 15_000 + "\n---\n",
    "rules": "---\n" * 250_000,
    "rules with keys": "---\ntitle: a\n" + "--- x\n" * 160_000,
    "brackets": "---\ntags: " + "[" * 60_000 + "\n---\n",
    "more brackets": "---\ntags: " + "[" * 1_000_000 + "\n---\n",
    "braces": "---\ntags: " + "{" * 60_000 + "\n---\n",
    "json braces": '{"a":' * 200_000,
    "json brackets": '{\n"a": ' + "[" * 1_000_000 + "\n}\n",
    "toml brackets": "+++\na = " + "[" * 60_000 + "\n+++\n",
    "toml dots": "+++\n" + "a." * 30_000 + "a = 1\n+++\n",
    "toml lines": "+++\n" + "a = b\n" * 9_000 + "+++\n",
    "dashes": "---\ntags: a: b\n" + "- " * 30_000 + "\n---\n",
    "keys": "---\n" + "a: b: c\n" * 7_000 + "---\n",
    "thousand broken": "---\n" + 'a: "b"c"\n' * 990 + "---\n",
    "many keys": "---\n" + "a: b\n" * 200_000 + "---\n",
    "alias bomb": "---\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(c)}: &{chr(c)} [{','.join(['*' + chr(c - 1)] * 9)}]\n" for c in range(98, 110)) + "---\n",
    "alias loop": "---\na: &a [*a]\n---\n",
    "spaces": "---\n" + " " * 1_000_000 + "\n---\n",
    "blank lines": "\n" * 1_000_000 + "---\n",
    "anchors": "---\n" + "".join(f"k{n}: &a{n} x\n" for n in range(3_000)) + "---\n",
    "bodies": "<html>" + "<body" * 200_000,
    "titles": "<html>" + "<title>" * 9_000 + "<meta " * 9_000 + "<body>",
    "meta quotes": "<html>" + "<meta '" * 9_000 + "<body>",
    "continued": "Title: a\n" + " b\n" * 250_000,
    "text": "a" * 1_000_000,
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_headers_are_read_in_bounded_time(case):
    start = time.process_time()
    read_front_matter(HOSTILE[case])
    assert time.process_time() - start < 4


@pytest.mark.parametrize(
    "hostile",
    ["<!--" * 50_000, "<div>" * 50_000, "[" * 200_000, "> " * 5_000, "<span>" * 50_000, "*" * 200_000],
)
def test_hostile_bodies_are_cleaned_in_bounded_time(hostile: str) -> None:
    clean_html(markdown_to_html(hostile), BASE)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(pack.compress(b"A" * (1 << 20)) for _ in range(512)) + pack.flush()
    tracemalloc.start()
    decoder = Decoder("gzip", 1 << 20)
    with pytest.raises(FetchError, match="larger than 1048576 bytes"):
        decoder.feed(packed)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("text", ["---\ntitle: a\n" + HOSTILE["alias bomb"][4:], HOSTILE["alias loop"]])
def test_an_alias_that_expands_without_bound_is_text(text):
    found = read_front_matter(text)
    assert found is not None
    assert found.repairs
    assert len(str(found.values)) < 10_000
