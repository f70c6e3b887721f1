"""The readers of outside bytes: what each is fed with at first, and what must hold of its answer.

No traceback is the least. Each reader asserts what its readers rely on: clean HTML is a fixed point and has nothing
but what the strict list of :mod:`tests.rigs.published` allows, dates can be written, addresses have one canonical form, a fast way
says what the tolerant way says, a configuration loads or its mistakes name the file.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import re
import resource
import shutil
import socket
import tempfile
import time
import traceback
import zoneinfo
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from uvicorn.server import ServerState

from feeds.config import Serve, load_config
from feeds.errors import ConfigError, FeeddError
from feeds.http.address import parse_address
from feeds.models import DIALECTS, Item, Skipped
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_upstream
from feeds.parser.feeds.splitter import join_entry, split_entries
from feeds.parser.lists.discovery import find_candidates
from feeds.parser.lists.opml import parse_opml
from feeds.parser.posts.file_encoding import decode as decode_post
from feeds.parser.posts.front_matter import read_simple, read_tolerant
from feeds.parser.posts.jekyll import FolderSettings, JekyllSite
from feeds.parser.posts.post import parse_post
from feeds.sanitizer.boilerplate import compile_patterns, load_default_boilerplate, split_tail
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.markdown import markdown_to_html
from feeds.sanitizer.text import clean_title, extract_text, make_excerpt, make_title
from feeds.server.app import decode_path
from feeds.server.negotiation import format_http_date
from feeds.server.protocol import BoundedConfig, BoundedProtocol, Limits
from feeds.server.server import Server
from feeds.values.dates import FIRST_YEAR, LAST_YEAR, format_rfc822, format_rfc3339, parse_date
from feeds.values.urls import (
    canonicalise,
    canonicalise_unusual,
    convert_unusual_iri,
    escape_address,
    iri_to_uri,
    is_address,
    resolve,
    resolve_unusual,
)
from tests.conftest import CONFIG, ROOT, SHARED
from tests.integration.publisher.test_stored_xss import VECTORS, atom_of, json_of, rss_of
from tests.rigs.published import dangers, markup
from tests.rigs.serve_rig import PUBLIC, Output, document, entry

CASES = Path(__file__).parents[2] / "cases" / "fuzz"
BASE = "https://base.example/p.html"
SLOWEST = 5.0
"""Seconds of CPU that no input of some kilobytes may take."""
MOST_MEMORY = 200_000
"""Kilobytes by which no input of some kilobytes may make the process grow."""
_ZONE = zoneinfo.ZoneInfo("Asia/Shanghai")
_TAIL = compile_patterns(load_default_boilerplate())
_FOLDER = FolderSettings("https://base.example/", "Asia/Shanghai", "jekyll", JekyllSite())
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_post(data: bytes) -> None:
    item = parse_post(
        data,
        "_posts/2024-01-02-x.md",
        _FOLDER,
        lambda body: split_tail(body, _TAIL, bool),
        lambda _: None,
        lambda *_: None,
    )
    text, _ = decode_post(data)
    simple = read_simple(text)
    assert simple is None or simple == read_tolerant(text), "the fast way differs"
    if isinstance(item, Skipped):
        return
    assert not _NOT_XML.search(item.title + item.body)
    assert not item.address or is_address(item.address)
    assert escape_address(item.permalink)
    _check_dates(item)
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines + 1 for one in item.repairs), item.repairs


def _check_dates(item: Item) -> None:
    for one in (item.published, item.updated, item.guess):
        assert one is None or _can_be_written(one)


def _can_be_written(found: datetime) -> bool:
    assert found.tzinfo is not None
    assert FIRST_YEAR <= found.year <= LAST_YEAR
    assert found.astimezone(UTC)
    assert datetime.fromisoformat(format_rfc3339(found)) == found.replace(microsecond=0)
    return bool(format_rfc822(found))


def read_html(data: bytes) -> None:
    _check_html(data.decode("utf-8", "replace"))
    text = data.decode("utf-8", "replace")
    title = clean_title(text)
    assert markup(title) == []
    assert "\n" not in title
    assert not _NOT_XML.search(title)


def _check_html(text: str) -> None:
    html = clean_html(text, BASE)
    assert dangers(html) == []
    assert not _NOT_XML.search(html)
    again = clean_html(html, BASE)
    assert again == html, f"no fixed point: {html[:400]!r} became {again[:400]!r}"
    plain = extract_text(html)
    assert len(make_excerpt(plain)) <= 300
    assert len(make_title(plain)) <= 61


def read_markdown(data: bytes) -> None:
    for dialect in DIALECTS:
        _check_html(markdown_to_html(data.decode("utf-8", "replace"), dialect))


def read_date(data: bytes) -> None:
    found = parse_date(data.decode("utf-8", "replace"), _ZONE)
    if found is not None and _can_be_written(found):
        assert parse_date(format_rfc3339(found), _ZONE) == found.replace(microsecond=0)
        assert parse_date(format_rfc822(found), _ZONE) == found.replace(microsecond=0)


def read_address(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    _check_canonical(text)
    found = resolve(BASE, text)
    assert found == resolve_unusual(BASE, text)
    assert not found or ":" in found
    if is_address(text):
        uri = iri_to_uri(text)
        assert uri == convert_unusual_iri(text)
        assert uri.isascii()
        assert iri_to_uri(uri) == uri, uri
    parse_address(text)


def _check_canonical(text: str) -> None:
    one = canonicalise(text)
    assert one == canonicalise_unusual(text)
    assert one == "" or one.startswith("https://")
    assert canonicalise(one) == one, f"{one} became {canonicalise(one)}"


def read_upstream(data: bytes) -> None:
    text = decode(data, "text/xml")
    parsed = parse_upstream(text, BASE, "UTC")
    for item in parsed.items:
        _check_dates(item)
        assert not item.address or escape_address(item.address), item.address
    parts = split_entries(text)
    assert len(parts.entries) == len(parts.digests)
    if not parts.whole and len(parts.entries) > 1:
        assert split_entries(join_entry(parts, 0)).entries == parts.entries[:1]


def read_list(data: bytes) -> None:
    found = parse_opml(data, "list")
    for one in found.subscriptions:
        assert is_address(one.url)
        assert not one.link or is_address(one.link)
        assert not _NOT_XML.search(one.title + one.description)


def read_page(data: bytes) -> None:
    assert all(is_address(one.url) for one in find_candidates(data, BASE))


def read_config(data: bytes) -> None:
    file = _scratch() / "feedd.toml"
    file.write_bytes(data)
    try:
        load_config(file)
    except ConfigError as error:
        assert error.mistakes  # noqa: PT017 - any configuration may be right, too
        assert all(str(file) in one for one in error.mistakes)  # noqa: PT017


def read_request_target(data: bytes) -> None:
    path = decode_path(data)
    assert not path or path.startswith("/")
    assert "\\" not in path
    assert not _NOT_XML.search(path)


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="feedd-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class _Clients:
    """A server without a port: each connection is a pair of sockets in one event loop."""

    def __init__(self) -> None:
        self.atom = document("atom", [entry(n) for n in range(3)])
        Output(_scratch() / "output").publish({"atom.xml": self.atom})
        self.loop = asyncio.new_event_loop()
        server = Server(Serve(listen="127.0.0.1:0"), _scratch() / "output", public=PUBLIC)
        self.config = BoundedConfig(server.application, Limits(connections=100), server.application.metrics)
        self.config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", format_http_date(int(time.time())))]

    def ask(self, pieces: Sequence[bytes]) -> bytes:
        return self.loop.run_until_complete(self._ask(pieces))

    async def _ask(self, pieces: Sequence[bytes]) -> bytes:
        theirs, ours = socket.socketpair()
        await self.loop.connect_accepted_socket(
            lambda: BoundedProtocol(self.config, self.state, {}, self.loop), theirs
        )
        reader, writer = await asyncio.open_connection(sock=ours)
        found = b""
        try:
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            writer.write_eof()
            found = await asyncio.wait_for(reader.read(), 20)
        except (ConnectionError, BrokenPipeError):
            pass
        finally:
            writer.close()
        return found


@cache
def _clients() -> _Clients:
    return _Clients()


_STATUS = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) [A-Za-z' -]+\r\ndate: ")
_FIELDS = frozenset(
    b"date cache-control content-type content-length content-encoding content-range accept-ranges etag vary link im"
    b" last-modified allow connection retry-after location delta-base age www-authenticate x-content-type-options"
    b" referrer-policy content-security-policy".split()
)


def read_request(data: bytes) -> None:
    """Whatever comes, an answer is one of ours, and the next client is served."""
    clients = _clients()
    answer = clients.ask([data])
    if answer:
        found = _STATUS.match(answer)
        assert found, answer[:200]
        assert found[1] != b"500", answer[:200]
        names = {
            line.partition(b":")[0].lower() for line in answer.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        }
        assert names <= _FIELDS, names - _FIELDS
    assert clients.ask([b"GET /atom.xml HTTP/1.0\r\n\r\n"]).endswith(clients.atom)


@dataclass(frozen=True)
class Reader:
    """Something that takes any bytes, what it is fed with, and how many a full blind run has."""

    name: str
    read: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    many: int


def _files(folder: Path, pattern: str, most: int = 60) -> list[bytes]:
    found = sorted(path for path in folder.rglob(pattern) if path.is_file()) if folder.is_dir() else []
    return [path.read_bytes()[:20_000] for path in found[:most]]


_HEADERS = [
    b"+++\ntitle = 'a'\ndate = 2021-12-23T16:14:00+08:00\ntags = [\"x\", 'y']\n[taxonomies]\ncategories = ['z']\n+++\n*text*\n",
    b'{"title": "a", "date": "2021-12-23", "tags": ["x", null, 1.5]}\n\ntext {{ page.title | upcase }}\n',
    b"Title: a\nDate: 2021-12-23 16:14\nTags: x, y\nAuthors: b; c\n\ntext\n",
    b"<html><head><title>a</title><meta name='date' content='2021-12-23'></head><body><p>x</p></body></html>",
    b'---\ntitle: "a "b" c"\ndate: +0800\nlink: javascript:alert(1)\ntags: &t [x, y]\ncategories: *t\n  wrong\n\tindent: 1\n---\n'
    b"{% assign a = 'x' | append: 'y' %}{{ a }}{% raw %}{{ b }}{% endraw %}{% highlight py %}c{% endhighlight %}\n<https://a.example/1>\n",
    b"---\ntitle: |\n  a\n  b\npermalink: /:year/:title/\npublished: false\nlast_modified_at: 23 Dec 2021\n---\n",
]


def _posts() -> list[bytes]:
    return _HEADERS + _files(ROOT / "examples" / "posts", "*.*") + _files(SHARED / "data" / "site", "*.md")


_MARKED = [
    b"# Head {#id .c}\n\n* a\n  1. b\n\n     c\n* d\n\n> q\n> > r\n\n```py {.x}\ncode\n```\n\n| a | b |\n|:--|--:|\n| 1 | `2|3` |\n",
    b"a[^1] *b* **c** ~~d~~ `e` $$f$$ <https://a.example/> [g](h 'i') ![j][k]\n\n[k]: /l \"m\"\n[^1]: note\n*[g]: abbr\n{: .n}\n",
    b'term\n: definition\n\n{:toc}\n\n{::comment}\nx\n{:/comment}\n\n<div markdown="1">\n*y*\n</div>\n\nSet\n===\n\n---\n',
]


def _bodies() -> list[bytes]:
    return _MARKED + [one.encode() for one in VECTORS] + [one.split(b"---", 2)[-1] for one in _posts()]


def _dates() -> list[bytes]:
    own = [
        "2021-12-23 16:14:00 +0800",
        "Thu, 23 Dec 2021 16:14:00 GMT",
        "2021年12月23日 下午4:14",
        "23/12/21",
        "1640247240",
        "2021-W51-4T16",
        "le 23 décembre 2021 à 16h14",
        "Dec 23rd, 2021 4:14 p.m. Europe/Brussels",
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
    more = _files(ROOT / "config", "*.toml") + _files(ROOT / "examples", "*.toml")
    return [CONFIG.format(entries=50, path="site").encode(), *more]


def _targets() -> list[bytes]:
    return [
        b"/atom.xml?x=1",
        b"/tag/%E6%96%87/atom.xml",
        b"/../..//%2e%2e/etc/passwd",
        b"*",
        b"http://x/atom.xml",
    ]


REQUESTS = [
    b"GET /atom.xml HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a\", W/\"b\"\r\nRange: bytes=0-5\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"HEAD /%2e%2e/x HTTP/1.0\r\nAccept-Encoding: gzip;q=0, br;q=1.5, *;q=\r\nA-IM: feed\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n",
]  # fmt: skip
_MORE_REQUESTS = [
    b"GET /metrics HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b'GET /atom.xml HTTP/1.1\r\nHost: x\r\nIf-Modified-Since: Thu, 23 Dec 2021 16:14:00 GMT\r\nIf-Range: "a"\r\nRange: bytes=-5\r\n\r\n',
    b"GET http://x/atom.xml HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
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
    Reader("request", read_request, lambda: REQUESTS + _MORE_REQUESTS, 20_000),
]


class Failure(NamedTuple):
    """Why an input makes a reader fail; ``kind`` is the same for the same fault."""

    kind: str
    text: str


def failure(reader: Reader, data: bytes) -> Failure | None:
    """Read an input within the bounds of time and memory; what went wrong, if anything did."""
    begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        reader.read(data)
    except FeeddError:
        pass  # refused, in words
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
        return Failure(kind, f"{reader.name}: {kind}: {error}: {data[:200]!r}")
    took = time.process_time() - begun
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if took > SLOWEST:
        return Failure("time", f"{reader.name}: {took:.1f} s for {len(data)} bytes: {data[:200]!r}")
    if grown > MOST_MEMORY:
        return Failure("memory", f"{reader.name}: {grown} KB for {len(data)} bytes: {data[:200]!r}")
    return None


def keep(reader: str, data: bytes, cases: Path = CASES) -> Path:
    """Make a case of an input."""
    path = cases / f"{reader}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path
