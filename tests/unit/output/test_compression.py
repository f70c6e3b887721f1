"""Compressed variants of a document: the same bytes each time, and only where they save something."""

from __future__ import annotations

import gzip
import random

import brotli
import pytest
import zstandard

from feeds.output.compression import SUFFIXES, build_variants, encode

TEXT = b"<entry>some text</entry>\n" * 40
DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda data: zstandard.ZstdDecompressor().decompress(data),
}


@pytest.mark.parametrize("coding", SUFFIXES)
def test_a_document_comes_back_and_is_packed_the_same_each_time(coding: str) -> None:
    packed = encode(TEXT, coding)
    assert packed is not None
    assert len(packed) < len(TEXT) / 4
    assert DECODERS[coding](packed) == TEXT
    assert encode(TEXT, coding) == packed


def test_a_frame_of_zstandard_names_its_size() -> None:
    assert zstandard.frame_content_size(encode(TEXT, "zstd")) == len(TEXT)


@pytest.mark.parametrize("coding", SUFFIXES)
def test_what_saves_nothing_is_not_packed(coding: str) -> None:
    assert encode(b"a" * 255, coding) is None
    assert encode(b"a" * 256, coding) is not None
    assert encode(random.Random(1).randbytes(2000), coding) is None


def test_variants_are_named_by_coding() -> None:
    assert set(build_variants("a/atom.xml", TEXT)) == {"a/atom.xml.gz", "a/atom.xml.br", "a/atom.xml.zst"}
    assert gzip.decompress(build_variants("atom.xml", TEXT)["atom.xml.gz"]) == TEXT
    assert build_variants("atom.xml", b"short") == {}
