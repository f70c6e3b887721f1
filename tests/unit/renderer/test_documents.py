"""Rendering: joined entries are feedgen's own bytes, and documents are valid."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from feeds.errors import EntryInvalid
from feeds.models import Entry, FeedHead, Term
from feeds.output.validator import check_document
from feeds.renderer import fast_writer, feedgen_writer
from feeds.renderer.documents import join, keep_entries
from feeds.renderer.entries import cut, render_entries
from tests.rigs.examples import examples

WHEN = datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=8)))
URL = "https://site.example/feeds/"
HEAD = FeedHead(
    "urn:uuid:1b4e28ba-2fa1-51d2-883f-b9a761bde3fb", "标题 & <co>", "Sub", "Author", "zh-CN", URL,
    (("atom", URL + "atom.xml"), ("rss", URL + "rss.xml"), ("json", URL + "feed.json")), WHEN,
)  # fmt: skip
TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"),
    min_size=1,
    max_size=40,
)


def entry(number: int, title: str, html: str) -> Entry:
    return Entry(
        id=f"urn:uuid:00000000-0000-5000-8000-{number:012}",
        title=title,
        link=f"https://a.example/{number}",
        html=html,
        summary=title,
        authors=("李",) if number % 2 else (),
        published=WHEN,
        updated=WHEN,
        terms=(Term("tag", "新闻", "xinwen", "新闻"),),
        language="en" if number % 3 else "",
    )


@examples(60)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_joined_entries_are_the_bytes_of_feedgens_own_document(texts: list[tuple[str, str]]) -> None:
    entries = [entry(n, title.strip() or "x", html) for n, (title, html) in enumerate(texts)]
    rendered = render_entries(entries, ("atom", "rss", "json"), URL, "zh-CN")
    for form in ("atom", "rss"):
        feed = feedgen_writer.build_feed(HEAD, form)
        for one in entries:
            feedgen_writer.add_entry(feed, one, URL, "zh-CN")
        assert join(HEAD, form, [r[form] for r in rendered]) == feedgen_writer.serialise_feed(feed, form)
    document = join(HEAD, "json", [r["json"] for r in rendered])
    assert [item["title"] for item in json.loads(document)["items"]] == [e.title for e in entries]


ANY_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=30
).map(lambda text: re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text) or "x")
ANY_DATE = st.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001 - the zone comes with the next line
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.timezones() | st.just(UTC),
).map(lambda when: when.replace(microsecond=0))
ANY_TERM = st.builds(Term, st.sampled_from(["tag", "category"]), ANY_TEXT, ANY_TEXT, ANY_TEXT)
USUAL_ENTRY = st.builds(
    Entry, st.uuids().map(lambda one: one.urn), ANY_TEXT, st.just("https://a.example/?a=1&b=\"'"), ANY_TEXT | st.just(""),
    ANY_TEXT | st.just(""), st.lists(ANY_TEXT.filter(str.strip), max_size=2).map(tuple), ANY_DATE, ANY_DATE,
    st.lists(ANY_TERM, max_size=2).map(tuple), st.sampled_from(["", "zh-CN"]),
    enclosures=st.just(()), rights=st.just(""), extras=st.just(()), origin=st.none(),
)  # fmt: skip


@examples(300)
@given(USUAL_ENTRY)
def test_a_usual_entry_is_written_as_feedgen_writes_it(one: Entry) -> None:
    assert fast_writer.is_usual(one, "zh-CN")
    feed = feedgen_writer.build_feed(feedgen_writer.build_empty_head("zh-CN"), "atom")
    feedgen_writer.add_entry(feed, one, URL, "zh-CN")
    for form in ("atom", "rss"):
        assert [fast_writer.WRITERS[form](one, URL)] == cut(feedgen_writer.serialise_feed(feed, form), form)


def test_documents_are_valid_and_keep_what_was_said() -> None:
    entries = [entry(n, f'"Quotes" & <x> {n}', "<p>a ]]> b &amp; 😀</p>") for n in range(3)]
    rendered = render_entries(entries, ("atom", "rss", "json"), URL, "zh-CN")
    for form in ("atom", "rss", "json"):
        document = join(HEAD, form, [r[form] for r in rendered])
        assert check_document(document) == []


def test_an_entry_that_no_document_can_hold_does_not_harm_the_others() -> None:
    bad = Entry("not an id", "t", "https://a.example/", "", "", (), WHEN, WHEN, ())
    found = render_entries([entry(1, "a", "b"), bad, entry(2, "c", "d")], ("atom",), URL, "zh-CN")
    assert isinstance(found[1], EntryInvalid)
    assert [b"0001<" in found[0]["atom"], b"0002<" in found[2]["atom"]] == [True, True]


@examples(100)
@given(st.binary())
def test_any_bytes_can_be_checked(data: bytes) -> None:
    check_document(data)
    check_document(b"{" + data)


def test_broken_documents_are_found_out() -> None:
    atom = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>1</id></entry></feed>'
    rules = {finding.rule for finding in check_document(atom)}
    assert {"atom-id", "atom-updated", "atom-self", "atom-author", "atom-title"} <= rules
    assert check_document(b"<rss><channel/></rss>")
    assert check_document(b"<broken")[0].rule == "well-formed"


def test_a_document_keeps_only_the_wanted_entries_and_every_other_byte() -> None:
    entries = [entry(number, f"Title {number}", "<p>Text</p>") for number in range(3)]
    rendered = render_entries(entries, ("atom", "rss", "json"), URL, "zh-CN")
    wanted = {entries[0].id, entries[2].id}
    for form in ("atom", "rss", "json"):
        document = join(HEAD, form, [found[form] for found in rendered])
        kept = [found[form] for found, one in zip(rendered, entries, strict=True) if one.id in wanted]
        found = keep_entries(document, form, wanted)
        if form == "json":
            assert [item["id"] for item in json.loads(found)["items"]] == [entries[0].id, entries[2].id]
        else:
            assert cut(found, form) == kept
