"""A fast way gives what the tolerant way gives: over made-up input here, over posts in the other tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.errors import AddressRefused
from feeds.fetcher import folder
from feeds.http.address import Address, parse_address, parse_unusual_address
from feeds.models import Item
from feeds.parser.posts import permalinks
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.text import extract_opening, extract_text
from feeds.storage.packing import body_of_item, data_of, dumps, pack, unpack
from feeds.storage.sqlite import Database
from feeds.values import urls
from feeds.values.dates import parse_date, parse_unusual_date

PIECES = st.sampled_from([
    "https://", "http://", "a.example", "A.example", "b-c.example:8080", ":80", "/", "//", "/a", "..", ".", "./x",
    "?", "q=1", "&utm_source=x", "&", "#f", "%41", "%e4", "%zz", "~u", " ", "\t", "新闻", "user@", "mailto:x@y", ";p", "\\",
])  # fmt: skip
ADDRESSES = st.lists(PIECES, max_size=8).map("".join)


@settings(max_examples=1500, deadline=None)
@given(ADDRESSES, ADDRESSES)
def test_usual_addresses_are_read_as_any_are(base: str, reference: str) -> None:
    assert urls.canonicalise(base) == urls.canonicalise_unusual(base)
    assert urls.resolve(base, reference) == urls.resolve_unusual(base, reference)
    assert urls.iri_to_uri(base) == urls.convert_unusual_iri(base)


@settings(max_examples=1500, deadline=None)
@given(st.sampled_from(["http://", "https://", "ftp://", ""]), ADDRESSES)
def test_usual_addresses_are_asked_as_any_are(scheme: str, rest: str) -> None:
    assert _asked(parse_address, scheme + rest) == _asked(parse_unusual_address, scheme + rest)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.1/a", "http://2130706433/", "http://a.example:0/", "http://a.example:080/", "http://a.example:443/x?y=1&z",
        "https://a.example:443/", "https://a.example./", "https://-/", "https://a..b/", "http://a.example:99999/", "http://a/?",
        "http://" + "a" * 300 + "/", "http://a/" + "x" * 3000, "http://a.example/../b/./c", "http://a.example/\n", "http://a_b/",
    ],
)  # fmt: skip
def test_odd_addresses_are_asked_as_any_are(url: str) -> None:
    assert _asked(parse_address, url) == _asked(parse_unusual_address, url)


def _asked(take: Callable[[str], Address], url: str) -> Address | str:
    try:
        return take(url)
    except AddressRefused as error:
        return str(error)


BLOCKS = st.sampled_from([
    "<p>文字</p>", " <p>a <b>b</b></p>\n", '<center><img src="/i.png"></center>', "<table><tr><td>1</td></tr></table>", "\n\n",
    "\n", "text", "# Head", "*em* and `code`", "> quote", "> more\n", "<p>x\n\ny</p>", "<!-- c -->", "<div>\n<p>in</p>\n</div>",
    "<span>s</span> after", "- one\n- two", "<hr>", "&amp; &lt;", "<p class='m'>（来源）</p>",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(BLOCKS, max_size=9).map("".join), st.integers(1, 60))
def test_the_opening_of_a_text_is_its_beginning(html: str, enough: int) -> None:
    clean = clean_html(html, "https://a.example/")
    whole, begun = extract_text(clean), extract_opening(clean, enough)
    assert whole.startswith(begun.rstrip())
    assert len(begun) >= min(enough, len(whole))


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=200), st.text(max_size=300), st.integers(0, 300))
def test_a_body_is_found_in_its_file_wherever_it_is(before: str, body: str, repeated: int) -> None:
    data = (before + body[:repeated] + body + "tail").encode("utf-8", "surrogatepass")
    item = Item("", "", "", "", (), None, None, None, (), (), body, "html")
    packed = pack(item, data)
    assert data_of(packed) == data
    assert unpack(packed) == body_of_item(item)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=3)
    ),
)


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_json_is_written_as_the_library_writes_it(value: object) -> None:
    assert dumps(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


TWO = st.integers(0, 61).map("{:02}".format)
OFFSETS = st.sampled_from(
    [
        "Z",
        " Z",
        "+0800",
        " +08:00",
        "-0030",
        " -13:59",
        "+14:00",
        "+1660",
        "-00:00",
        "",
        " +8",
        "  +0800",
        "z",
        " CST",
    ]
)
DATES = st.builds(
    "{}-{}-{}{}{}:{}:{}{}".format, st.sampled_from(["1899", "1900", "2021", "2099", "2100", "0021"]), TWO, TWO,
    st.sampled_from(["T", " ", "t"]), TWO, TWO, TWO, OFFSETS,
)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(DATES)
def test_usual_dates_are_read_as_any_are(text: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    read, slow = parse_date(text, zone), parse_unusual_date(text, zone)
    assert read == slow
    assert (read and read.isoformat()) == (slow and slow.isoformat())


NAMES = st.lists(
    st.sampled_from(["a", "B", "-", "--", ".", "_", "9", "新闻", " ", "/", "%", "e\u0301"]), max_size=6
).map("".join)
PATTERNS = st.lists(
    st.sampled_from(["/", ":categories", ":year", ":y_day", ":title", ":slug", ":output_ext", ".", "..", "x", ":path", ":w_year"]),
    max_size=7,
).map("".join)  # fmt: skip


@settings(max_examples=1500, deadline=None)
@given(
    st.one_of(PATTERNS, st.sampled_from(list(permalinks.STYLES))),
    NAMES,
    st.lists(NAMES, max_size=3),
    NAMES,
    st.booleans(),
)
def test_addresses_of_usual_patterns_are_those_of_any(
    pattern: str, name: str, categories: list[str], slug: str, dated: bool
) -> None:
    path, template = f"_posts/2021-12-03-{name}.md", permalinks.STYLES.get(pattern, pattern)
    date = datetime(2021, 12, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=8))) if dated else None
    slow = permalinks.build_any_post_url(template, path, date, categories, slug, ".html")
    assert permalinks.build_post_url(pattern, path, date, categories, slug) == slow
    for pretty in (True, False):
        assert permalinks.slugify(name, pretty) == permalinks.slugify_any(name, pretty)


@pytest.mark.parametrize("size", [0, 1, 65_536, 200_000])
def test_a_file_is_read_whole_whatever_its_size(tmp_path: Path, size: int) -> None:
    (tmp_path / "a.md").write_bytes(b"x" * size)
    assert folder.read(tmp_path, "a.md") == b"x" * size


def test_a_file_without_a_size_is_read_to_its_end() -> None:
    assert folder.read(Path("/proc/self"), "status").endswith(b"\n")


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 700])
def test_a_scope_holds_each_value_once_however_many_there_are(tmp_path: Path, count: int) -> None:
    db = Database.open(tmp_path / "feedd.db")
    with db.transaction():
        db.run("source_add", ("news",))
        db.many(
            "file_put",
            [(1, str(n), 1, 1, b"", "item", "", 0, None, None, "") for n in range(count + 5)],
        )
        db.scope(["gone"])
        db.scope([*map(str, range(count)), *map(str, range(count))])
        assert len(db.rows("files_of_paths", (1,))) == count
    db.close()
