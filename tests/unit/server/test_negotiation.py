"""Rules of HTTP over header fields: dates, conditions, ranges, codings."""

from __future__ import annotations

import pytest

from feeds.server.negotiation import (
    Range,
    evaluate_preconditions,
    format_http_date,
    list_acceptable_codings,
    matches_strongly,
    matches_weakly,
    parse_tags,
    parse_weights,
    read_date,
    select_range,
    wants_delta,
)

SECOND = 784_111_777
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
TAG = b'"abc"'


@pytest.mark.parametrize(
    ("text", "second"),
    [
        (DATE, SECOND),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", SECOND),
        (b"Sun Nov  6 08:49:37 1994", SECOND),
        (b" " + DATE + b" ", SECOND),
        (b"Sun, 06 Nov 1994 08:49:60 GMT", SECOND + 23),
        (b"Sun, 32 Nov 1994 08:49:37 GMT", None),
        (b"Sun, 06 Nov 1994 24:49:37 GMT", None),
        (b"Sun, 06 Nov 1994 08:60:37 GMT", None),
        (b"Sun, 06 Nov 1994 08:49:61 GMT", None),
        (b"Sun, 06 Nix 1994 08:49:37 GMT", None),
        (b"Sun, 06 Nov 1899 08:49:37 GMT", None),
        (b"Sun, 06 Nov 1994 08:49:37 CET", None),
        (b"1994-11-06", None),
        (b"", None),
    ],
)
def test_a_date_of_http(text: bytes, second: int | None) -> None:
    assert read_date(text) == second


def test_a_date_is_written_in_one_form() -> None:
    assert format_http_date(SECOND) == DATE
    assert read_date(format_http_date(1_700_000_000)) == 1_700_000_000


@pytest.mark.parametrize(
    ("field", "weak", "strong"),
    [
        (b'"abc"', True, True),
        (b'W/"abc"', True, False),
        (b'"x", "abc"', True, True),
        (b"*", True, True),
        (b" * ", True, True),
        (b'"x"', False, False),
        (b"abc", False, False),
        (b"", False, False),
    ],
)
def test_a_tag_matches(field: bytes, weak: bool, strong: bool) -> None:
    assert matches_weakly(field, TAG) is weak
    assert matches_strongly(field, TAG) is strong


def test_tags_of_a_list() -> None:
    assert parse_tags(b'W/"a", "b",c') == [b'"a"', b'"b"']


LATER, EARLIER = b"Sun, 06 Nov 1994 08:49:38 GMT", b"Sun, 06 Nov 1994 08:49:36 GMT"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({b"if-none-match": TAG}, 304),
        ({b"if-none-match": b'"x"'}, 200),
        ({b"if-none-match": b'"x"', b"if-modified-since": LATER}, 200),
        ({b"if-modified-since": DATE}, 304),
        ({b"if-modified-since": LATER}, 304),
        ({b"if-modified-since": EARLIER}, 200),
        ({b"if-modified-since": b"nonsense"}, 200),
        ({b"if-match": TAG}, 200),
        ({b"if-match": b'"x"'}, 412),
        ({b"if-match": b'W/"abc"'}, 412),
        ({b"if-match": TAG, b"if-unmodified-since": EARLIER}, 200),
        ({b"if-unmodified-since": EARLIER}, 412),
        ({b"if-unmodified-since": DATE}, 200),
        ({b"if-match": TAG, b"if-none-match": TAG}, 304),
    ],
)
def test_conditions(headers: dict[bytes, bytes], status: int) -> None:
    assert evaluate_preconditions(headers, TAG, SECOND) == status


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (b"bytes=0-3", Range(0, 4)),
        (b"bytes=2-", Range(2, 10)),
        (b"bytes=2-99", Range(2, 10)),
        (b"bytes=-3", Range(7, 10)),
        (b"bytes=-30", Range(0, 10)),
        (b"Bytes = 9-9", Range(9, 10)),
        (b"bytes=10-", 416),
        (b"bytes=-0", 416),
        (b"bytes=3-2", None),
        (b"bytes=-", None),
        (b"bytes=0-1,3-4", None),
        (b"lines=0-1", None),
        (b"bytes", None),
    ],
)
def test_a_range(field: bytes, found: object) -> None:
    assert select_range({b"range": field}, TAG, SECOND, SECOND + 9, 10) == found


@pytest.mark.parametrize(
    ("condition", "now", "wanted"),
    [
        (TAG, 9, True),
        (b'W/"abc"', 9, False),
        (b'"x"', 9, False),
        (DATE, 9, True),
        (DATE, 0, False),
        (LATER, 9, False),
        (b"nonsense", 9, False),
    ],
)
def test_the_condition_of_a_range(condition: bytes, now: int, wanted: bool) -> None:
    headers = {b"range": b"bytes=0-0", b"if-range": condition}
    assert (select_range(headers, TAG, SECOND, SECOND + now, 10) is not None) is wanted


@pytest.mark.parametrize(
    ("field", "codings"),
    [
        (None, ("",)),
        (b"", ("",)),
        (b"gzip", ("gzip", "")),
        (b"gzip, br, zstd", ("br", "zstd", "gzip", "")),
        (b"gzip;q=1, br;q=0.5", ("gzip", "br", "")),
        (b"x-gzip", ("gzip", "")),
        (b"*", ("br", "zstd", "gzip", "")),
        (b"*;q=0", ()),
        (b"gzip;q=0", ("",)),
        (b"identity;q=0", ()),
        (b"identity, gzip;q=0.5", ("", "gzip")),
        (b"*;q=0, gzip", ("gzip",)),
        (b"*, br;q=0", ("zstd", "gzip", "")),
        (b"gzip" + b", x" * 200, ("gzip", "")),
    ],
)
def test_codings_in_the_order_of_the_client(field: bytes | None, codings: tuple[str, ...]) -> None:
    assert list_acceptable_codings(field) == codings


def test_weights() -> None:
    assert parse_weights(b"GZIP ; Q=0.5, br;q=2, a b, *;q=0.001, x;level=1") == {
        "gzip": 0.5,
        "*": 0.001,
        "x": 1.0,
    }


@pytest.mark.parametrize(
    ("field", "wanted"),
    [(None, False), (b"feed", True), (b"gzip, FEED", True), (b"feed;q=0", False), (b"vcdiff", False)],
)
def test_a_delta_is_wanted(field: bytes | None, wanted: bool) -> None:
    assert wants_delta({} if field is None else {b"a-im": field}) is wanted
