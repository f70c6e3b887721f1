"""Content codings are undone within a bound, in any pieces."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import FetchError
from feeds.http.content_coding import Decoder


@given(
    st.binary(max_size=5000),
    st.integers(1, 700),
    st.sampled_from(["gzip", "x-gzip", "zlib", "raw", "", "unsaid"]),
)
def test_every_coding_gives_the_same_bytes_in_any_pieces(body: bytes, size: int, coding: str) -> None:
    raw = zlib.compressobj(6, zlib.DEFLATED, -15)
    wire = {"zlib": zlib.compress(body), "raw": raw.compress(body) + raw.flush(), "": body}.get(
        coding, gzip.compress(body)
    )
    if coding == "" and body[:2] == b"\x1f\x8b":
        return
    said = {"zlib": "deflate", "raw": "deflate", "unsaid": ""}.get(coding, coding)
    decoder = Decoder(said, 6000)
    for start in range(0, len(wire), size):
        decoder.feed(wire[start : start + size])
    assert decoder.finish() == body


@given(st.binary(min_size=1, max_size=2000), st.data())
def test_a_packed_body_that_is_cut_is_refused(body: bytes, data: st.DataObject) -> None:
    wire = gzip.compress(body)
    cut = data.draw(st.integers(2, len(wire) - 9))
    decoder = Decoder("gzip", 6000)
    decoder.feed(wire[:cut])
    with pytest.raises(FetchError, match="cut short"):
        decoder.finish()


def test_gzip_in_several_members_is_one_body() -> None:
    decoder = Decoder("gzip", 6000)
    decoder.feed(gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0\0")
    assert decoder.finish() == b"one two"
    decoder = Decoder("gzip", 60000)
    with pytest.raises(FetchError, match="too many pieces"):
        decoder.feed(gzip.compress(b"") * 1500)


@pytest.mark.parametrize(
    "said",
    [
        "identity",
        "none",
        "utf-8",
        "UTF-8",
        "iso-8859-1",
        "binary",
        "8bit",
        "7bit",
        "aws-chunked",
        "text/xml",
        "*",
        "",
        ",",
        "identity, none",
        "charset=utf-8",
        "plain",
        '"none"',
    ],
)
def test_a_name_that_is_not_a_content_coding_says_nothing_about_the_body(said: str) -> None:
    for wire in (b"<rss/>", gzip.compress(b"<rss/>")):
        decoder = Decoder(said, 6000)
        decoder.feed(wire)
        assert decoder.finish() == b"<rss/>"


@pytest.mark.parametrize("said", ["aws-chunked, gzip", "gzip, utf-8", "X-GZIP", "gzip;q=1", '"gzip"'])
def test_a_content_coding_is_found_among_names_that_are_not(said: str) -> None:
    decoder = Decoder(said, 6000)
    decoder.feed(gzip.compress(b"<rss/>")[:-1])
    with pytest.raises(FetchError, match="cut short"):
        decoder.finish()


@pytest.mark.parametrize(
    "said", ["br", "zstd", "compress", "x-compress", "BR", "exi", "utf-8, br", "xz", "dcz"]
)
def test_a_content_coding_that_nobody_asked_for_is_refused(said: str) -> None:
    with pytest.raises(FetchError, match="was not requested"):
        Decoder(said, 6000)
