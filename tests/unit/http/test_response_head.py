"""Header lines that are no fields are left out, in whatever pieces a response arrives."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.http.response_head import ResponseHead

OK = b"HTTP/1.1 200 OK\r\n"


def pass_through(*pieces: bytes) -> bytes:
    head = ResponseHead()
    return b"".join(map(head.filter, pieces))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"A: 1\r\nno colon\r\nB: 2\r\n\r\nbody\n", b"A: 1\r\nB: 2\r\n\r\nbody\n"),
        (b"My Name: x\r\nA: 1\r\n\r\n", b"A: 1\r\n\r\n"),
        (b"no colon\r\n of two lines\r\nA: 1\r\n more\r\n\r\n", b"A: 1\r\n more\r\n\r\n"),
        (b"no colon\nA: 1\n\nno colon\n", b"A: 1\n\nno colon\n"),
        # They decide where the body ends, so the parser refuses the response.
        (b"Content-Length : 5\r\n\r\n", b"Content-Length : 5\r\n\r\n"),
        (b"transfer-encoding chunked\r\n\r\n", b"transfer-encoding chunked\r\n\r\n"),
    ],
)
def test_lines_that_are_no_fields_are_left_out(given: bytes, kept: bytes) -> None:
    assert pass_through(OK + given) == OK + kept
    assert pass_through(*(bytes([byte]) for byte in OK + given)) == OK + kept


def test_the_response_after_an_interim_response_has_a_head_too() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert pass_through(interim + OK + b"odd\r\nA: 1\r\n\r\nodd\r\n") == interim + OK + b"A: 1\r\n\r\nodd\r\n"


def test_what_is_not_http_is_passed_at_once() -> None:
    assert pass_through(b"\x16\x03\x01") == b"\x16\x03\x01"


@given(st.binary(max_size=60), st.lists(st.integers(0, 80), max_size=6))
def test_pieces_make_no_difference(data: bytes, cuts: list[int]) -> None:
    data = OK + data
    places = sorted({0, *(cut for cut in cuts if cut < len(data)), len(data)})
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert pass_through(*pieces) == pass_through(data)


def test_a_long_line_in_small_pieces_takes_linear_time() -> None:
    head = ResponseHead()
    head.filter(OK)
    begun = time.monotonic()
    for _ in range(100_000):
        head.filter(b"x")
    assert time.monotonic() - begun < 2
