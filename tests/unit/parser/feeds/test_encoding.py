"""Bytes of a fetched document become text, whatever encoding it states."""

from __future__ import annotations

import pytest

from feeds.parser.feeds.encoding import decode
from tests.unit.parser.feeds.test_feed import parse, rss


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "utf-32", "gb18030", "gbk", "big5"])
def test_a_declared_encoding_is_read(codec: str) -> None:
    text = "財經要聞"
    data = f"<?xml version='1.0' encoding='{codec}'?><rss><title>{text}</title></rss>".encode(codec)
    assert text in decode(data, "application/rss+xml")
    assert "<?xml" not in decode(data)


@pytest.mark.parametrize(
    ("codec", "text"),
    [
        ("gb18030", "财经要闻：沪指收涨，公司公告"),
        ("big5", "財經要聞：臺股收漲，公司公告"),
        ("cp949", "경제 뉴스: 코스피 상승"),
        ("shift_jis", "経済ニュース：日経平均続伸"),
        ("windows-1251", "Экономика: индекс вырос"),
        ("windows-1252", "Économie – l’indice à la hausse"),
    ],
)
def test_an_encoding_that_nobody_states_is_guessed(codec: str, text: str) -> None:
    assert text in decode(f"<rss><title>{text}</title></rss>".encode(codec))


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_one_bad_byte_is_one_bad_character(codec: str) -> None:
    title = "贵州茅台涨停公告"
    data = (
        f"<?xml version='1.0' encoding='{codec}'?><rss><title>{title}</title><a>".encode(codec)
        + b"\xff</a></rss>"
    )
    found = decode(data)
    assert title in found
    assert found.endswith("</a></rss>")


def test_what_xml_forbids_does_not_stop_anybody() -> None:
    found = parse(rss("<item><title>a &#xD800; &nbsp;b &bogus; & c \x08</title><guid>1</guid></item>"))
    assert found.items[0].title == "a \ufffd b &bogus; & c"
