"""Bytes of a post become text, whatever their encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.parser.posts.file_encoding import decode
from tests.rigs.examples import examples
from tests.unit.parser.posts.test_front_matter import QUICK


@given(st.binary())
@examples(100)
def test_any_bytes_become_text(data: bytes) -> None:
    text, _ = decode(data)
    text.encode("utf-8", "surrogatepass")


DECODED = {
    "utf-8": ("茶\n".encode(), "茶\n", []),
    "utf-8 with a mark": ("茶".encode("utf-8-sig"), "茶", []),
    "utf-16": ("茶 tea".encode("utf-16"), "茶 tea", ["encoding"]),
    "utf-16 big-endian": (b"\xfe\xff" + "茶".encode("utf-16-be"), "茶", ["encoding"]),
    "gb18030": ("标题：今天的茶市开张了".encode("gb18030"), "标题：今天的茶市开张了", ["encoding"]),
    "rare characters of gbk": ("朱镕基的茶".encode("gb18030"), "朱镕基的茶", ["encoding"]),
    "windows-1252": ("“Café” déjà vu – it’s".encode("cp1252"), "“Café” déjà vu – it’s", ["encoding"]),
    "latin-1": ("À la carte: crème brûlée".encode("latin-1"), "À la carte: crème brûlée", ["encoding"]),
    "one letter of latin-1": (b"two caf\xe9s", "two cafés", ["encoding"]),
    "windows-1251": ("Сегодня в порту новости".encode("cp1251"), "Сегодня в порту новости", ["encoding"]),
    "shift_jis": ("今日は港のニュースです。".encode("cp932"), "今日は港のニュースです。", ["encoding"]),
    "big5": ("今天的港口新聞".encode("big5"), "今天的港口新聞", ["encoding"]),
    "one bad byte": ("今天的茶市\n".encode() + b"caf\xe9t", "今天的茶市\ncaf\ufffdt", ["bad-byte"]),
    "a cut character": ("今天的茶市".encode()[:-1], "今天的茶\ufffd", ["bad-byte"]),
    "ends of lines": (b"a\r\nb\rc\n\rd", "a\nb\nc\n\nd", []),
    "controls": (b"a\x00b\x08\tc\nd\x1f", "ab\tc\nd", ["control-character"] * 3),
    "non-characters": ("a\uffffb".encode(), "ab", ["control-character"]),
    "nothing": (b"", "", []),
}


@pytest.mark.parametrize("case", DECODED)
def test_bytes_become_text(case):
    data, text, rules = DECODED[case]
    found, repairs = decode(data)
    assert found == text
    assert [r.rule for r in repairs] == rules


def test_a_bad_byte_is_named_with_its_line():
    _, repairs = decode("今天\r\n".encode() + b"a\xe9 b")
    assert [(r.line, r.old, r.new) for r in repairs] == [(2, "\\xe9", "\ufffd")]


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_become_text_fit_for_xml(data):
    text, _ = decode(data)
    text.encode()
    assert not set(text) & {chr(n) for n in range(32) if n not in (9, 10)} | set(text) & {"\ufffe", "\uffff"}


def test_only_the_first_bad_bytes_are_named():
    _, repairs = decode(("今天的茶市" * 4).encode().join([b"\xe9\n"] * 40))
    assert [(r.line, r.rule) for r in repairs] == [(line, "bad-byte") for line in range(1, 21)]
