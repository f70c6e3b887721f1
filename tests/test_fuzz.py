"""Any bytes: mutated from real seeds, they make no reader fail, hang or eat memory.

`make stress` sends a million inputs in all. A failing input is written to ``tests/fuzz_cases/<reader>-<digest>``, where it
stays as a case. The mutations are deterministic, so a run can be repeated by its seed.
"""

from __future__ import annotations

import hashlib
import json
import random
import resource
import time
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from feeds.clean.boilerplate import compile_patterns, default_boilerplate, split_tail
from feeds.clean.html import clean_html
from feeds.clean.markdown import markdown_to_html
from feeds.clean.text import clean_title, plain_text
from feeds.config import Serve, load_config
from feeds.dates import parse_date
from feeds.errors import ConfigError, FeeddError
from feeds.net.address import address
from feeds.parse.decoding import decode
from feeds.parse.discovery import candidates
from feeds.parse.jekyll import JekyllSite
from feeds.parse.opml import parse_opml
from feeds.parse.post import FolderSettings, parse_post
from feeds.parse.upstream import parse_upstream
from feeds.serve.messages import read_target
from feeds.urls import canonical, iri_to_uri, is_address, resolve
from tests.conftest import CONFIG, ROOT, SHARED
from tests.serve_rig import Output, document, entry, serving
from tests.test_stored_xss import VECTORS, atom_of, json_of, rss_of

CASES = Path(__file__).with_name("fuzz_cases")
BASE = "https://base.example/p.html"
_SLOWEST = 5.0
"""Seconds that no input of some kilobytes may take, however busy the machine is."""
_ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
_TAIL = compile_patterns(default_boilerplate())
_FOLDER = FolderSettings("https://base.example/", "Asia/Shanghai", "jekyll", JekyllSite())


def read_post(data: bytes) -> None:
    parse_post(
        data,
        "_posts/2024-01-02-x.md",
        _FOLDER,
        lambda body: split_tail(body, _TAIL),
        lambda _: None,
        lambda *_: None,
    )


def read_html(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    html = clean_html(text, BASE)
    plain_text(html)
    clean_title(text)


def read_markdown(data: bytes) -> None:
    clean_html(markdown_to_html(data.decode("utf-8", "replace")), BASE)


def read_date(data: bytes) -> None:
    found = parse_date(data.decode("utf-8", "replace"), _ZONE)
    assert found is None or (isinstance(found, datetime) and found.tzinfo is not None)


def read_address(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert canonical(text) == "" or canonical(text).startswith("https://")
    resolved = resolve(BASE, text)
    assert not resolved or ":" in resolved
    if is_address(text):
        iri_to_uri(text).encode("ascii")
    address(text)


def read_upstream(data: bytes) -> None:
    for item in parse_upstream(decode(data, "text/xml"), BASE, "UTC").items:
        assert item.published is None or item.published.tzinfo is not None


def read_list(data: bytes) -> None:
    parse_opml(data, "list")


def read_page(data: bytes) -> None:
    assert all(one.url.startswith("http") for one in candidates(data, BASE))


def read_config(data: bytes) -> None:
    file = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/tmp") / "feedd-fuzz.toml"
    file.write_bytes(data)
    try:
        load_config(file)
    except ConfigError as error:
        assert error.mistakes  # noqa: PT017 - any configuration may be right, too
        assert all(str(file) in one for one in error.mistakes)  # noqa: PT017


def read_request_target(data: bytes) -> None:
    read_target(data)


@dataclass(frozen=True)
class Reader:
    """Something that takes any bytes, what it is fed with, and how many a full run has."""

    name: str
    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    many: int


def _files(folder: Path, pattern: str, most: int = 60) -> list[bytes]:
    found = sorted(path for path in folder.rglob(pattern) if path.is_file()) if folder.is_dir() else []
    return [path.read_bytes()[:20_000] for path in found[:most]]


def _posts() -> list[bytes]:
    return _files(ROOT / "examples" / "posts", "*.*") + _files(SHARED / "data" / "site", "*.md")


def _bodies() -> list[bytes]:
    return [one.encode() for one in VECTORS] + [one.split(b"---", 2)[-1] for one in _posts()]


def _dates() -> list[bytes]:
    own = [
        "2021-12-23 16:14:00 +0800",
        "Thu, 23 Dec 2021 16:14:00 GMT",
        "2021年12月23日 下午4:14",
        "23/12/21",
        "1640247240",
    ]
    file = SHARED / "data" / "dates.jsonl"
    shared = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    return [one.encode() for one in own + [str(next(iter(line.values()))) for line in shared]]


def _addresses() -> list[bytes]:
    return [
        b"https://user:pw@Example.ORG:443/a/../b;c?utm_source=x&q=1%20+2#f%zz",
        "http://例え.jp/ 中文?ü=ß".encode(),
        b"//host/path",
        b"http://[::ffff:127.0.0.1]:80/",
        b"javascript:alert(1)",
        b"../../x?y#z",
        b"mailto:a@b",
        b"http://0x7f.1/",
    ]


def _feeds() -> list[bytes]:
    own = [kind(VECTORS[n : n + 3]) for kind in (rss_of, atom_of, json_of) for n in range(0, 30, 6)]
    return own + [one for one in _files(SHARED / "data" / "upstream", "*", 400) if len(one) < 12_000]


def _lists() -> list[bytes]:
    own = b"<?xml version='1.0'?><opml version='2.0'><head><title>t</title></head><body><outline text='a'>"
    own += b"<outline type='rss' text='b &amp; c' xmlUrl='https://a.example/f' htmlUrl='https://a.example/'/></outline></body></opml>"
    return [own, *_files(SHARED / "data", "*opml*")]


def _pages() -> list[bytes]:
    own = b"<html><head><link rel='alternate' type='application/rss+xml' href='/f'><base href=x></head><body><a href='/rss'>RSS</a>"
    return [own, *(one.encode() for one in VECTORS)]


def _configs() -> list[bytes]:
    more = _files(ROOT / "config", "*.toml") + _files(ROOT / "tests", "*.toml")
    return [CONFIG.format(entries=50, path="site").encode(), *more]


def _targets() -> list[bytes]:
    return [
        b"/atom.xml?x=1",
        b"/tag/%E6%96%87/atom.xml",
        b"/../..//%2e%2e/etc/passwd",
        b"*",
        b"http://x/atom.xml",
    ]


READERS = [
    Reader("post", read_post, _posts, 170_000),
    Reader("html", read_html, _bodies, 150_000),
    Reader("markdown", read_markdown, _bodies, 60_000),
    Reader("date", read_date, _dates, 250_000),
    Reader("address", read_address, _addresses, 150_000),
    Reader("upstream", read_upstream, _feeds, 60_000),
    Reader("opml", read_list, _lists, 60_000),
    Reader("page", read_page, _pages, 20_000),
    Reader("config", read_config, _configs, 30_000),
    Reader("target", read_request_target, _targets, 60_000),
]
_TOKENS = [
    b"<", b">", b"&", b'"', b"'", b"---\n", b"+++\n", b"{%", b"%}", b"{{", b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\r\n",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<!DOCTYPE x [", b"&#0;", b"&#xD800;", b"&#x110000;", b"&lt;", b"<svg>", b"</p>",
    b"<table>", b"<item>", b"</entry>", b"[", b"]", b"(", b")", b"*", b"`", b"\\", b"%", b"%zz", b"..", b"/", b":", b"99999999999",
    b"-1", b"1e999", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\xff\xfe", b" " * 50, b"= ", b'"""', b"[[", b"style=",
]  # fmt: skip


def mutations(seeds: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Inputs near to the seeds: cut, joined, repeated, flipped, and with the tokens that parsers stumble over."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 3, 6, 12))):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(8):
                case 0:
                    data[at:at] = chance.choice(_TOKENS)
                case 1:
                    del data[at : at + chance.choice((1, 3, 20, 400))]
                case 2 if data:
                    data[at - 1] ^= 1 << chance.randrange(8)
                case 3:
                    other = chance.choice(seeds)
                    start = chance.randrange(len(other) + 1)
                    data[at:at] = other[start : start + chance.choice((4, 40, 400))]
                case 4:
                    data[at:at] = data[at : at + chance.choice((1, 8, 60))] * chance.choice((2, 30))
                case 5:
                    data[at : at + 4] = chance.choice(_TOKENS) * chance.choice((1, 2, 60))
                case 6 if data:
                    data[at - 1] = chance.randrange(256)
                case _:
                    data[at:at] = bytes(chance.randrange(256) for _ in range(chance.choice((1, 4))))
        yield bytes(data[:40_000])


def fails(reader: Reader, data: bytes) -> str:
    """Why an input makes a reader fail, or nothing."""
    begun = time.process_time()
    try:
        reader.read(data)
    except FeeddError:
        pass  # refused, in words
    except Exception as error:
        return f"{reader.name}: {type(error).__name__}: {error}: {data[:200]!r}"
    took = time.process_time() - begun
    return f"{reader.name}: {took:.1f} s for {len(data)} bytes: {data[:200]!r}" if took > _SLOWEST else ""


def fuzz(reader: Reader, count: int, seed: int) -> list[str]:
    """What failed; each failing input is kept as a case."""
    found = []
    for data in mutations(reader.seeds(), count, seed):
        if why := fails(reader, data):
            (CASES / f"{reader.name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
            found.append(why)
    return found


@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_no_input_makes_a_reader_fail(reader: Reader) -> None:
    assert fuzz(reader, max(60, reader.many // 600), seed=1) == []


@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_what_once_failed_fails_no_more(reader: Reader) -> None:
    kept = sorted(CASES.glob(f"{reader.name}-*"))
    assert [why for path in kept if (why := fails(reader, path.read_bytes()))] == []


@pytest.mark.stress
@pytest.mark.parametrize("reader", READERS, ids=lambda one: one.name)
def test_a_million_inputs_in_all(reader: Reader) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert fuzz(reader, reader.many, seed=2) == []
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 300_000, "kilobytes; nothing piles up"


def test_a_full_run_has_a_million_inputs() -> None:
    assert sum(reader.many for reader in READERS) >= 1_000_000


REQUESTS = [
    b"GET /atom.xml HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a\", W/\"b\"\r\nRange: bytes=0-5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HEAD /%2e%2e/x HTTP/1.0\r\nAccept-Encoding: gzip;q=0, br;q=1.5, *;q=\r\nA-IM: feed\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n",
]  # fmt: skip


def _send_requests(folder: Path, count: int, seed: int) -> None:
    """Each on a connection of its own; whatever comes, the server answers everybody else."""
    atom = document("atom", [entry(n) for n in range(3)])
    Output(folder).publish({"atom.xml": atom})
    with serving(folder, Serve(listen="127.0.0.1:0")) as client:
        for number, data in enumerate(mutations(REQUESTS, count, seed)):
            answer = client.raw(data, half_close=True)
            assert not answer or answer.startswith(b"HTTP/1.1 "), (data, answer[:200])
            assert b"Internal Server Error" not in answer, data
            if number % 50 == 0:
                assert client.ask("/atom.xml").body == atom
        assert client.ask("/atom.xml").body == atom


def test_no_request_disturbs_the_server(tmp_path: Path) -> None:
    _send_requests(tmp_path, 150, seed=1)


@pytest.mark.stress
def test_twenty_thousand_requests(tmp_path: Path) -> None:
    _send_requests(tmp_path, 20_000, seed=2)


_QUADRATIC: dict[str, Callable[[int], tuple[Callable[[bytes], None], bytes]]] = {
    "open tags": lambda n: (read_html, b"<b>" * n),
    "open comments": lambda n: (read_html, b"<!--" * n),
    "references": lambda n: (read_html, b"&lt" * n),
    "attributes": lambda n: (read_html, b"<p " + b"a='b' " * n + b">"),
    "quotes": lambda n: (read_html, b"<a title='" * n),
    "nested tables": lambda n: (read_html, b"<table><td>" * n),
    "styles": lambda n: (read_html, b"<p style='" + b"color:red;" * n + b"'>"),
    "srcset": lambda n: (read_html, b"<img srcset='" + b"a.png 1x, " * n + b"'>"),
    "brackets": lambda n: (read_markdown, b"[" * n),
    "stars": lambda n: (read_markdown, b"*a " * n),
    "backticks": lambda n: (read_markdown, b"`" * n + b"a" + b"``" * n),
    "quotations": lambda n: (read_markdown, b"> " * n + b"x"),
    "links": lambda n: (read_markdown, b"[a](" * n),
    "underlines": lambda n: (read_markdown, b"_a" * n),
    "definitions": lambda n: (read_markdown, b"[a]: b\n" * n),
    "html in markdown": lambda n: (read_markdown, b"<div>\n" * n),
    "yaml flow": lambda n: (read_post, b"---\na: " + b"[" * n + b"\n---\n"),
    "yaml quotes": lambda n: (read_post, b'---\ntitle: "' + b'" ' * n + b"\n---\n"),
    "yaml keys": lambda n: (read_post, b"---\n" + b"a: b\n" * n + b"---\n"),
    "liquid": lambda n: (read_post, b"---\na: b\n---\n" + b"{% raw %}" * n),
    "liquid marks": lambda n: (read_post, b"---\na: b\n---\n" + b"{{ x" * n),
    "json": lambda n: (read_post, b'{"a":' * n),
    "items": lambda n: (read_upstream, b"<rss><channel>" + b"<item>" * n),
    "cdata": lambda n: (read_upstream, b"<rss><channel><item><title>" + b"<![CDATA[" * n),
    "entities": lambda n: (read_upstream, b"<rss><channel><title>" + b"&x;" * n),
    "spaces in tags": lambda n: (read_upstream, b"<rss" + b" " * n + b"<a" * n),
    "outlines": lambda n: (read_list, b"<opml><body>" + b"<outline text='a'>" * n),
    "spaces in dates": lambda n: (read_date, b"1" + b" " * n + b"x"),
    "digits": lambda n: (read_date, b"1" * n),
    "slashes": lambda n: (read_address, b"http://a/" + b"/" * n),
    "dots": lambda n: (read_address, b"http://a/" + b"../" * n),
    "page links": lambda n: (read_page, b"<a href=" * n),
}


@pytest.mark.parametrize("name", _QUADRATIC)
def test_known_quadratic_inputs_take_linear_time(name: str) -> None:
    """Forty thousand repetitions end within a bound that square time would miss by far."""
    read, data = _QUADRATIC[name](40_000)
    begun = time.process_time()
    with suppress(FeeddError):
        read(data)
    assert time.process_time() - begun < 4 * _SLOWEST
