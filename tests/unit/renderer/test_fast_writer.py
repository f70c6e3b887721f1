"""A fast way to render gives what the plain way gives, over made-up input."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from feeds.models import Entry, FeedHead, Format
from feeds.renderer import fast_writer, feedgen_writer
from feeds.renderer.documents import join
from feeds.renderer.entries import check_entry
from feeds.sanitizer import hidden_elements
from feeds.sanitizer.html import clean_html
from feeds.sanitizer.text import extract_text, make_excerpt
from tests.rigs.examples import examples

HIDING = st.sampled_from([
    "<p ", "<DIV ", ">", "</p>", "</DIV>", ' style="', '"', "display", "DISPLAY", " : ", ":", "none", "visibility", "hidden", " hidden",
    "HIDDEN=", "\n", "\u3000", "a", "文", "<b>", "</b>", "'", "=", "/",
])  # fmt: skip


@examples(1500)
@given(st.lists(HIDING, max_size=14).map("".join))
def test_what_says_hidden_is_found_wherever_it_is(html: str) -> None:
    either = r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden|(?<=\s)hidden(?=[\s=>/])"
    assert hidden_elements.is_hidden(html) <= bool(re.search(either, html, re.IGNORECASE))
    assert bool(hidden_elements.find_hidden_marks(html)) == bool(re.search(either, html, re.IGNORECASE))


PIECES = st.sampled_from(["a", "文", "&", "<", ">", '"', "'", "\r", "\n", "\t", " ", "é", "]]>"])
SAYINGS = st.lists(PIECES, min_size=1, max_size=9).map("".join)
PLACES = SAYINGS.map(lambda text: f"https://a.example/{text}")
OF_FORMATS = st.tuples(PLACES, PLACES).map(lambda both: (("atom", both[0]), ("rss", both[1])))
HEADS = st.builds(
    FeedHead,
    *(SAYINGS, SAYINGS, SAYINGS, SAYINGS, st.sampled_from(["zh-CN", "en"]), PLACES, OF_FORMATS),
    updated=st.datetimes(
        datetime(1000, 1, 1),  # noqa: DTZ001 - hypothesis wants it without
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
    ),
    hubs=st.lists(PLACES, max_size=2).map(tuple),
    before=st.one_of(st.just(()), OF_FORMATS, OF_FORMATS.map(lambda both: both[1:])),
)


@examples(200)
@given(HEADS, st.sampled_from(["atom", "rss"]))
def test_a_head_is_written_as_the_library_writes_it(head: FeedHead, form: Format) -> None:
    assert fast_writer.is_usual_head(head)
    assert join(head, form, []) == feedgen_writer.serialise_feed(feedgen_writer.build_feed(head, form), form)


WORDS = st.sampled_from(
    [" ", "  ", "\n", "\t", "\xa0", "\u2028", "a", "文", "。", "！", "”", "）", ".", ";", "…", "'"],
)
TEXTS = st.lists(WORDS, max_size=20).map("".join)


@examples(1500)
@given(TEXTS)
def test_white_space_of_a_text_is_folded(text: str) -> None:
    assert extract_text(text) == re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \t\f\v\xa0]+", " ", text)).strip()


@examples(1500)
@given(TEXTS, st.integers(5, 30))
def test_an_excerpt_ends_where_a_sentence_does(text: str, limit: int) -> None:
    line = " ".join(text.split())
    pattern = r"[。！？!?…]+[”’」』）)\"']*|[.;；]+[”’\"')]*(?=\s)"
    ends = [one.end() for one in re.finditer(pattern, line[: limit + 1])]
    ends = [end for end in ends if limit // 3 < end <= limit]
    if len(line) > limit and ends:
        assert make_excerpt(line, limit) == line[: ends[-1]].rstrip()


def test_no_character_that_documents_may_not_have_is_passed_over() -> None:
    then = datetime(2024, 1, 2, tzinfo=UTC)
    entry = Entry("urn:x", "x", "https://a.example/", "", "x", (), then, then, ())
    for code in (*range(0x300), *range(0xD700, 0x10010)):
        one = chr(code)
        forbidden = re.match("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", one)
        assert bool(check_entry(entry._replace(html=one))) == bool(forbidden), hex(code)
        if not 0xD800 <= code < 0xE000:
            unwanted = re.match("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]", one)
            text = clean_html(f"<b>x{one}y</b>", "").replace("\n", "")
            assert not unwanted or one not in text, hex(code)
