"""A table of what RFC 9110, 9111, 9112 and 3229 ask of an origin server, against the real one."""

from __future__ import annotations

import email.utils
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path

import brotli
import prometheus_client.openmetrics.parser
import prometheus_client.parser
import pytest
import zstandard

from tests.rigs.serve_rig import Client, Output, document, entry, serving

ATOM, RSS, JSON = (document(form, [entry(n) for n in range(8)]) for form in ("atom", "rss", "json"))
PAGE = b"<!DOCTYPE html><title>Page</title>" + b"<p>Text</p>" * 50
DOCUMENTS = {
    "atom.xml": ATOM,
    "rss.xml": RSS,
    "feed.json": JSON,
    "feeds.opml": b'<?xml version="1.0"?><opml version="2.0"><head/><body/></opml>',
    "index.html": PAGE,
    "category/x/atom.xml": ATOM,
    "category/x/index.html": PAGE,
    "tag/新闻/atom.xml": ATOM,
    "tiny.xml": b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
    "feed.php": RSS,
    "archive/1.atom.xml": ATOM,
    "category/x/archive/12.rss.xml": RSS,
    "assets/feedd-0a1b2c3d4e5f.css": b"body { margin: 0 }" * 50,
    "assets/feedd-0a1b2c3d4e5f.js": b"'use strict';" * 50,
    "assets/feedd-0a1b2c3d4e5f.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}
LATER, EARLIER = "Fri, 01 Jan 2100 00:00:00 GMT", "Mon, 01 Jan 2001 00:00:00 GMT"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("tree")
    output = Output(folder)
    output.publish(DOCUMENTS)
    (folder / "foreign.txt").write_text("mine")
    (folder / ".htaccess").write_text("mine")
    with serving(folder) as client:
        time.sleep(1.05 - time.time() % 1)  # so that the tree is older than the second of the answers
        yield client


@pytest.fixture(scope="module")
def tags(client: Client) -> dict[str, str]:
    """What a case may write as ``{e}``, ``{gzip}``, ``{modified}``."""
    plain = client.ask("/atom.xml")
    codings = {
        c: client.ask("/atom.xml", {"Accept-Encoding": c}).headers["etag"] for c in ("gzip", "br", "zstd")
    }
    return {"e": plain.headers["etag"], "modified": plain.headers["last-modified"], **codings}


SIZE = len(ATOM)
# What is asked: method, path, fields -> status, and fields of the answer (None: absent).
CASES: list[tuple[str, str, str, dict[str, str], int, dict[str, str | None]]] = [
    # RFC 9110, 13: conditions
    ("no condition", "GET", "/atom.xml", {}, 200, {"content-length": str(SIZE)}),
    ("the tag", "GET", "/atom.xml", {"If-None-Match": "{e}"}, 304, {"etag": "{e}", "content-length": None}),
    ("304 repeats what a 200 says of caching", "GET", "/atom.xml", {"If-None-Match": "{e}"}, 304,
     {"cache-control": "public, max-age=300", "vary": "Accept-Encoding, A-IM"}),
    ("304 has no type", "GET", "/atom.xml", {"If-None-Match": "{e}"}, 304, {"content-type": None}),
    ("another tag", "GET", "/atom.xml", {"If-None-Match": '"x"'}, 200, {}),
    ("a weak tag compares weakly", "GET", "/atom.xml", {"If-None-Match": "W/{e}"}, 304, {}),
    ("a list, last", "GET", "/atom.xml", {"If-None-Match": '"a", W/"b" ,, {e}'}, 304, {}),
    ("a list, without", "GET", "/atom.xml", {"If-None-Match": '"a", "b"'}, 200, {}),
    ("a tag with a comma inside", "GET", "/atom.xml", {"If-None-Match": '"a,b", {e}'}, 304, {}),
    ("any", "GET", "/atom.xml", {"If-None-Match": "*"}, 304, {}),
    ("a tag without quotes is none", "GET", "/atom.xml", {"If-None-Match": "abc"}, 200, {}),
    ("an empty list", "GET", "/atom.xml", {"If-None-Match": ""}, 200, {}),
    ("HEAD too", "HEAD", "/atom.xml", {"If-None-Match": "{e}"}, 304, {}),
    ("the tag of another coding", "GET", "/atom.xml", {"If-None-Match": "{gzip}"}, 200, {}),
    ("the tag of the coding", "GET", "/atom.xml", {"If-None-Match": "{gzip}", "Accept-Encoding": "gzip"}, 304,
     {"etag": "{gzip}", "content-encoding": None}),
    ("the tag of no coding, asked for gzip", "GET", "/atom.xml",
     {"If-None-Match": "{e}", "Accept-Encoding": "gzip"}, 200, {"etag": "{gzip}"}),
    ("the date", "GET", "/atom.xml", {"If-Modified-Since": "{modified}"}, 304, {}),
    ("a later date", "GET", "/atom.xml", {"If-Modified-Since": LATER}, 304, {}),
    ("an earlier date", "GET", "/atom.xml", {"If-Modified-Since": EARLIER}, 200, {}),
    ("RFC 850's date", "GET", "/atom.xml", {"If-Modified-Since": "Monday, 01-Jan-01 00:00:00 GMT"}, 200, {}),
    ("asctime's date", "GET", "/atom.xml", {"If-Modified-Since": "Fri Jan  1 00:00:00 2100"}, 304, {}),
    ("no date", "GET", "/atom.xml", {"If-Modified-Since": "yesterday"}, 200, {}),
    ("a date with an offset is none", "GET", "/atom.xml",
     {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 +0000"}, 200, {}),
    ("the tag beats the date: differs", "GET", "/atom.xml",
     {"If-None-Match": '"x"', "If-Modified-Since": LATER}, 200, {}),
    ("the tag beats the date: same", "GET", "/atom.xml",
     {"If-None-Match": "{e}", "If-Modified-Since": EARLIER}, 304, {}),
    ("If-Match, the tag", "GET", "/atom.xml", {"If-Match": "{e}"}, 200, {}),
    ("If-Match, any", "GET", "/atom.xml", {"If-Match": "*"}, 200, {}),
    ("If-Match compares strongly", "GET", "/atom.xml", {"If-Match": "W/{e}"}, 412, {}),
    ("If-Match, another", "GET", "/atom.xml", {"If-Match": '"x"'}, 412, {}),
    ("If-Match comes before If-None-Match", "GET", "/atom.xml",
     {"If-Match": '"x"', "If-None-Match": "{e}"}, 412, {}),
    ("If-Unmodified-Since, earlier", "GET", "/atom.xml", {"If-Unmodified-Since": EARLIER}, 412, {}),
    ("If-Unmodified-Since, later", "GET", "/atom.xml", {"If-Unmodified-Since": LATER}, 200, {}),
    ("If-Match beats If-Unmodified-Since", "GET", "/atom.xml",
     {"If-Match": "{e}", "If-Unmodified-Since": EARLIER}, 200, {}),
    ("no condition on what is not there", "GET", "/none.xml", {"If-None-Match": "*"}, 404, {}),
    # RFC 9110, 12.5.3: codings
    ("none asked", "GET", "/atom.xml", {"Accept-Encoding": ""}, 200, {"content-encoding": None, "etag": "{e}"}),
    ("gzip", "GET", "/atom.xml", {"Accept-Encoding": "gzip"}, 200, {"content-encoding": "gzip", "etag": "{gzip}"}),
    ("x-gzip is gzip", "GET", "/atom.xml", {"Accept-Encoding": "x-gzip"}, 200, {"content-encoding": "gzip"}),
    ("case", "GET", "/atom.xml", {"Accept-Encoding": "GZip"}, 200, {"content-encoding": "gzip"}),
    ("ours at equal weight", "GET", "/atom.xml", {"Accept-Encoding": "gzip, deflate, br, zstd"}, 200,
     {"content-encoding": "br"}),
    ("the client's weights first", "GET", "/atom.xml", {"Accept-Encoding": "br;q=0.5, gzip;q=0.8"}, 200,
     {"content-encoding": "gzip"}),
    ("zstd", "GET", "/atom.xml", {"Accept-Encoding": "zstd, br;q=0.9"}, 200, {"content-encoding": "zstd"}),
    ("weight 0 forbids", "GET", "/atom.xml", {"Accept-Encoding": "gzip;q=0"}, 200, {"content-encoding": None}),
    ("weight 0.000 too", "GET", "/atom.xml", {"Accept-Encoding": "br;q=0.000, gzip"}, 200,
     {"content-encoding": "gzip"}),
    ("any", "GET", "/atom.xml", {"Accept-Encoding": "*"}, 200, {"content-encoding": "br"}),
    ("any but", "GET", "/atom.xml", {"Accept-Encoding": "br;q=0, *;q=0.1"}, 200, {"content-encoding": "zstd"}),
    ("identity preferred", "GET", "/atom.xml", {"Accept-Encoding": "identity, gzip;q=0.5"}, 200,
     {"content-encoding": None}),
    ("nothing acceptable", "GET", "/atom.xml", {"Accept-Encoding": "identity;q=0"}, 406, {}),
    ("nothing acceptable, by *", "GET", "/atom.xml", {"Accept-Encoding": "*;q=0"}, 406, {}),
    ("unknown codings", "GET", "/atom.xml", {"Accept-Encoding": "compress, foo"}, 200, {"content-encoding": None}),
    ("a malformed weight is left out", "GET", "/atom.xml", {"Accept-Encoding": "gzip;q=7, br;q=x"}, 200,
     {"content-encoding": None}),
    ("too small to be worth it", "GET", "/tiny.xml", {"Accept-Encoding": "gzip"}, 200, {"content-encoding": None}),
    ("Vary also without a coding", "GET", "/index.html", {}, 200, {"vary": "Accept-Encoding"}),
    # RFC 9110, 14: ranges
    ("a range", "GET", "/atom.xml", {"Range": "bytes=0-9"}, 206,
     {"content-range": f"bytes 0-9/{SIZE}", "content-length": "10", "etag": "{e}"}),
    ("from", "GET", "/atom.xml", {"Range": "bytes=10-"}, 206, {"content-range": f"bytes 10-{SIZE - 1}/{SIZE}"}),
    ("the last", "GET", "/atom.xml", {"Range": "bytes=-5"}, 206,
     {"content-range": f"bytes {SIZE - 5}-{SIZE - 1}/{SIZE}"}),
    ("more than there is", "GET", "/atom.xml", {"Range": "bytes=5-99999999"}, 206,
     {"content-range": f"bytes 5-{SIZE - 1}/{SIZE}"}),
    ("a longer end than there is", "GET", "/atom.xml", {"Range": "bytes=-99999999"}, 206,
     {"content-range": f"bytes 0-{SIZE - 1}/{SIZE}"}),
    ("behind the end", "GET", "/atom.xml", {"Range": f"bytes={SIZE}-"}, 416, {"content-range": f"bytes */{SIZE}"}),
    ("the last none", "GET", "/atom.xml", {"Range": "bytes=-0"}, 416, {}),
    ("several are answered with the whole", "GET", "/atom.xml", {"Range": "bytes=0-1,4-5"}, 200, {}),
    ("backwards is malformed", "GET", "/atom.xml", {"Range": "bytes=9-0"}, 200, {}),
    ("malformed", "GET", "/atom.xml", {"Range": "bytes=-"}, 200, {}),
    ("another unit", "GET", "/atom.xml", {"Range": "lines=0-1"}, 200, {}),
    ("not for HEAD", "HEAD", "/atom.xml", {"Range": "bytes=0-9"}, 200, {"content-length": str(SIZE)}),
    ("If-Range, the tag", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-Range": "{e}"}, 206, {}),
    ("If-Range, weak", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-Range": "W/{e}"}, 200, {}),
    ("If-Range, another", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-Range": '"x"'}, 200, {}),
    ("If-Range, the date", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-Range": "{modified}"}, 206, {}),
    ("If-Range, a later date is another", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-Range": LATER}, 200, {}),
    ("a condition comes before a range", "GET", "/atom.xml", {"Range": "bytes=0-9", "If-None-Match": "{e}"}, 304, {}),
    ("a range of a coding", "GET", "/atom.xml", {"Range": "bytes=0-9", "Accept-Encoding": "gzip"}, 206,
     {"content-encoding": "gzip", "etag": "{gzip}"}),
    ("ranges are offered", "GET", "/atom.xml", {}, 200, {"accept-ranges": "bytes"}),
    # RFC 9110, 9: methods
    ("HEAD says what GET says", "HEAD", "/atom.xml", {"Accept-Encoding": "gzip"}, 200, {"etag": "{gzip}"}),
    ("OPTIONS", "OPTIONS", "/atom.xml", {}, 204, {"allow": "GET, HEAD, OPTIONS"}),
    ("POST", "POST", "/atom.xml", {}, 405, {"allow": "GET, HEAD, OPTIONS"}),
    ("DELETE", "DELETE", "/atom.xml", {}, 405, {}),
    ("TRACE", "TRACE", "/atom.xml", {}, 405, {}),
    # media types
    ("Atom", "GET", "/atom.xml", {}, 200, {"content-type": "application/atom+xml"}),
    ("RSS", "GET", "/rss.xml", {}, 200, {"content-type": "application/rss+xml"}),
    ("JSON Feed", "GET", "/feed.json", {}, 200, {"content-type": "application/feed+json"}),
    ("OPML", "GET", "/feeds.opml", {}, 200, {"content-type": "text/x-opml; charset=utf-8"}),
    ("a page", "GET", "/index.html", {}, 200, {"content-type": "text/html; charset=utf-8"}),
    ("an alias, by what it is", "GET", "/feed.php", {}, 200, {"content-type": "application/rss+xml"}),
    ("a style sheet", "GET", "/assets/feedd-0a1b2c3d4e5f.css", {}, 200, {"content-type": "text/css; charset=utf-8"}),
    ("a script", "GET", "/assets/feedd-0a1b2c3d4e5f.js", {}, 200, {"content-type": "text/javascript; charset=utf-8"}),
    ("an icon", "GET", "/assets/feedd-0a1b2c3d4e5f.svg", {}, 200, {"content-type": "image/svg+xml"}),
    # RFC 8246: what never changes need not be asked for again
    ("the name changes with the content", "GET", "/assets/feedd-0a1b2c3d4e5f.css", {}, 200,
     {"cache-control": "public, max-age=31536000, immutable"}),
    ("a sealed archive", "GET", "/archive/1.atom.xml", {}, 200,
     {"cache-control": "public, max-age=2592000, immutable", "content-type": "application/atom+xml"}),
    ("a sealed archive of a category", "GET", "/category/x/archive/12.rss.xml", {"If-None-Match": "*"}, 304,
     {"cache-control": "public, max-age=2592000, immutable"}),
    # safety
    ("nosniff", "GET", "/atom.xml", {}, 200, {"x-content-type-options": "nosniff"}),
    ("nosniff on errors", "GET", "/none", {}, 404, {"x-content-type-options": "nosniff", "cache-control": "no-store"}),
    # addresses
    ("the root is its page", "GET", "/", {}, 200, {"content-type": "text/html; charset=utf-8"}),
    ("a folder is its page", "GET", "/category/x/", {}, 200, {"content-type": "text/html; charset=utf-8"}),
    ("without the slash", "GET", "/category/x", {}, 301, {"location": "/feeds/category/x/"}),
    ("no listing", "GET", "/category/", {}, 404, {}),
    ("the prefix of the public address", "GET", "/feeds/atom.xml", {}, 200, {}),
    ("a query is no part of a document's name", "GET", "/atom.xml?utm_source=x", {}, 200, {"etag": "{e}"}),
    ("encoded characters", "GET", "/tag/%E6%96%B0%E9%97%BB/atom.xml", {}, 200, {"etag": "{e}"}),
    ("the list of feeds", "GET", "/.well-known/feeds", {}, 200, {"content-type": "text/x-opml; charset=utf-8"}),
    ("health", "GET", "/healthz", {}, 200, {"cache-control": "no-store"}),
    # RFC 3229 (more in test_serve_deltas)
    ("A-IM without a tag", "GET", "/atom.xml", {"A-IM": "feed"}, 200, {"im": None, "vary": "Accept-Encoding, A-IM"}),
    ("A-IM with the current tag", "GET", "/atom.xml", {"A-IM": "feed", "If-None-Match": "{e}"}, 304, {}),
    ("A-IM with an unknown tag", "GET", "/atom.xml", {"A-IM": "feed", "If-None-Match": '"x"'}, 200, {"im": None}),
    # refused addresses
    ("up", "GET", "/../secret", {}, 404, {}),
    ("up, encoded", "GET", "/%2e%2e/secret", {}, 404, {}),
    ("up, encoded slash", "GET", "/..%2fsecret", {}, 400, {}),
    ("up, backslash", "GET", "/..%5csecret", {}, 400, {}),
    ("NUL", "GET", "/atom.xml%00", {}, 400, {}),
    ("no UTF-8", "GET", "/%ff", {}, 400, {}),
    ("a dotfile", "GET", "/.feedd", {}, 404, {}),
    ("another dotfile", "GET", "/.htaccess", {}, 404, {}),
    ("a foreign file", "GET", "/foreign.txt", {}, 404, {}),
    ("empty segments", "GET", "//atom.xml", {}, 404, {}),
    ("no open redirect", "GET", "//category/x", {}, 404, {"location": None}),
    ("a dot", "GET", "/./atom.xml", {}, 404, {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_table(client, tags, method, path, fields, status, expected):
    reply = client.ask(path, {k: v.format(**tags) for k, v in fields.items()}, method)
    assert reply.status == status
    for name, value in expected.items():
        assert reply.headers.get(name) == (value.format(**tags) if value is not None else None), name
    assert email.utils.parsedate_to_datetime(reply.headers["date"])
    if method == "HEAD" or status in (204, 304):
        assert reply.body == b""


def test_every_coding_holds_the_same_document(client):
    undo = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstandard.decompress}
    for coding, function in undo.items():
        reply = client.ask("/atom.xml", {"Accept-Encoding": coding})
        assert function(reply.body) == ATOM
        assert len(reply.body) < len(ATOM)
        assert client.ask("/atom.xml", {"Accept-Encoding": coding}).body == reply.body


def test_tags_differ_by_coding_and_are_strong(tags):
    found = {tags[name] for name in ("e", "gzip", "br", "zstd")}
    assert len(found) == 4
    assert all(tag.startswith('"') and tag.endswith('"') for tag in found)


def test_ranges_join_to_the_whole(client):
    first = client.ask("/atom.xml", {"Range": "bytes=0-99", "Accept-Encoding": "gzip"})
    rest = client.ask(
        "/atom.xml", {"Range": "bytes=100-", "Accept-Encoding": "gzip", "If-Range": first.headers["etag"]}
    )
    assert gzip.decompress(first.body + rest.body) == ATOM


def test_pages_run_no_script_and_data_is_sandboxed(client):
    page = client.ask("/").headers["content-security-policy"]
    data = client.ask("/atom.xml").headers["content-security-policy"]
    for policy in (page, data):
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
    assert "sandbox" in data
    assert "unsafe-inline" not in data


def test_metrics_count(client):
    client.ask("/none")
    text = client.ask("/metrics").body.decode()
    assert 'feedd_http_requests_total{status="404"}' in text
    for line in text.splitlines():
        assert line.startswith("#") or len(line.rsplit(" ", 1)) == 2
    for name in ("sent_bytes_total", "connections", "documents_loaded_total", "cache_bytes"):
        assert f"\nfeedd_http_{name} " in text
    assert client.ask("/metrics", method="POST").status == 405


def test_metrics_are_read_by_the_parsers_of_both_formats(client):
    client.ask("/none")
    before = client.ask("/metrics")
    assert before.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    client.ask("/none", {"Accept-Encoding": "identity"})
    client.ask("/atom.xml", method="HEAD")
    after = client.ask("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert after.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    old, new = (
        {(one.name, *one.labels.values()): one.value for family in parse(text) for one in family.samples}
        for parse, text in (
            (prometheus_client.parser.text_string_to_metric_families, before.body.decode()),
            (prometheus_client.openmetrics.parser.text_string_to_metric_families, after.body.decode()),
        )
    )
    assert old.keys() <= new.keys()
    assert all(name.startswith("feedd_http_") for name, *_ in new), "nothing of a registry that others share"
    assert new["feedd_http_requests_total", "404"] == old["feedd_http_requests_total", "404"] + 1
    # The exposition before counts too, but not what a HEAD would have sent.
    sent = new["feedd_http_sent_bytes_total",] - old["feedd_http_sent_bytes_total",]
    assert sent == len(b"Not Found\n") + len(before.body)


def test_a_tag_changes_only_with_its_feed(tmp_path: Path):
    output = Output(tmp_path)
    output.publish({"a.xml": ATOM, "b.xml": ATOM, "c.json": JSON})
    with serving(tmp_path) as client:
        before = {name: client.ask(f"/{name}").headers["etag"] for name in ("a.xml", "b.xml", "c.json")}
        newer = document("atom", [entry(n) for n in range(9)])
        output.publish({"a.xml": newer, "b.xml": ATOM, "c.json": JSON})
        after = {name: client.ask(f"/{name}").headers["etag"] for name in before}
        assert client.ask("/a.xml").body == newer
        assert {name for name in before if before[name] != after[name]} == {"a.xml"}
        output.publish({"a.xml": ATOM})
        assert client.ask("/a.xml").headers["etag"] == before["a.xml"]
    # The same content in a tree that was built anew, later, elsewhere.
    again = Output(tmp_path / "again")
    again.publish({"a.xml": ATOM})
    with serving(tmp_path / "again") as client:
        assert client.ask("/a.xml", {"If-None-Match": before["a.xml"]}).status == 304


def test_a_document_that_was_tampered_with_or_removed_is_not_served(tmp_path: Path):
    output = Output(tmp_path)
    output.publish({"a.xml": ATOM, "b.xml": ATOM, "index.html": PAGE})
    with serving(tmp_path) as client:
        assert client.ask("/a.xml").status == 200
        (tmp_path / "a.xml").write_bytes(b"<feed>not ours</feed>")
        (tmp_path / "b.xml").unlink()
        (tmp_path / "b.xml").symlink_to("index.html")
        assert client.ask("/a.xml").status == 404
        assert client.ask("/b.xml").status == 404
        (tmp_path / "index.html").unlink()
        assert client.ask("/").status == 404


def test_a_document_is_served_while_the_run_that_wrote_it_goes_on(tmp_path: Path):
    output = Output(tmp_path)
    output.publish({"a.xml": ATOM})
    with serving(tmp_path) as client:
        client.ask("/a.xml")
        newer = document("atom", [entry(20)])
        output.put({"a.xml": newer, "new.xml": newer})  # in the journal, not yet in .feedd
        assert client.ask("/a.xml").body == newer
        assert client.ask("/new.xml").body == newer


def test_hub_and_self_are_named_for_feeds_alone(tmp_path: Path):
    Output(tmp_path).publish({"tag/新/atom.xml": ATOM, "index.html": PAGE})
    with serving(tmp_path, hubs=["https://own.example/hub", "https://hub.example/"]) as client:
        link = client.ask("/tag/%E6%96%B0/atom.xml").headers["link"]
        assert (
            link
            == '<https://own.example/hub>; rel="hub", <https://hub.example/>; rel="hub", <https://site.example/feeds/tag/%E6%96%B0/atom.xml>; rel="self"'
        )
        assert "link" not in client.ask("/").headers


def test_what_is_kept_ready_stays_in_its_bounds(tmp_path: Path):
    from feeds.config import Serve

    many = {f"f{n}/feed.json": JSON[:-2] + b" " * 300_000 + JSON[-2:] for n in range(12)}
    Output(tmp_path).publish(many)
    with serving(tmp_path, Serve(listen="127.0.0.1:0", memory=1)) as client:
        for _ in range(2):
            for name, data in many.items():
                assert client.ask(f"/{name}").body == data
                assert client.ask(f"/{name}", {"Accept-Encoding": "gzip"}).status == 200
        held = client.server.application.metrics.cache_bytes
        assert 0 < held <= 1024 * 1024
    assert json.loads(JSON)["items"]
