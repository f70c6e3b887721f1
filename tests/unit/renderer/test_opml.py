"""Lists of sources and feeds written as OPML."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds.models import Subscription
from feeds.parser.lists.opml import parse_opml, read_opml
from feeds.renderer.opml import OpmlHead, write_opml
from tests.rigs.examples import examples
from tests.unit.parser.lists.test_opml import A

HEAD = OpmlHead("Planet")


_TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), max_size=12
)


_MORE = st.one_of(
    _TEXT, st.sampled_from(["a  b", " a ", "x\ty\n", "\"<&>'", "]]>", "--", "&amp;amp;", "\u2028", "A/B,C"])
)


_SOURCES = st.lists(
    st.builds(
        Subscription,
        url=st.integers(0, 9).map(lambda n: f"https://a.example/feed?n={n}&a=%E4%B8%AD#x"),
        title=_MORE,
        link=st.sampled_from(["", "https://a.example/", "https://a.example/?a=b&c=d"]),
        categories=st.lists(_MORE.filter(bool), max_size=3, unique=True).map(tuple),
        name=_TEXT.filter(bool),
        type=st.sampled_from(["rss", "include"]),
        language=st.sampled_from(["", "zh-CN"]),
        description=_MORE,
        every=st.sampled_from(["", "30m"]),
        terms=st.sampled_from(["", "own", "none"]),
        group=_TEXT,
    ),
    max_size=8,
    unique_by=lambda s: s.name,
).map(tuple)


@examples(200)
@given(_SOURCES, _MORE)
def test_a_round_trip_loses_nothing(sources: tuple[Subscription, ...], title: str) -> None:
    data = write_opml(OpmlHead(title, "Someone", datetime(2024, 1, 2, tzinfo=UTC)), sources)
    etree.fromstring(data)
    found = parse_opml(data, "list")
    assert found.subscriptions == sources
    assert found.notes == ()
    assert write_opml(HEAD, found.subscriptions) == write_opml(HEAD, sources)


def test_the_order_of_sources_survives_grouping_and_deep_paths_are_written() -> None:
    deep = tuple(f"c{n}" for n in range(900))
    sources = tuple(
        Subscription(f"https://a.example/{n}", f"T{n}", categories=categories)
        for n, categories in enumerate([("x",), ("y",), ("x",), (), deep])
    )
    data = write_opml(HEAD, sources)
    assert data.count(b'text="x"') == 1
    assert read_opml(data, "l") == sources
    assert b"feedd:rank" not in write_opml(HEAD, sources[:2])


def test_the_written_list_has_what_opml_2_wants_and_no_password() -> None:
    source = Subscription("https://u:secret@a.example/feed", name="a", categories=("x",))
    root = etree.fromstring(write_opml(OpmlHead("P", "Me", datetime(2024, 1, 2, tzinfo=UTC)), [source]))
    assert root.get("version") == "2.0"
    assert root.findtext("head/dateCreated") == "Tue, 02 Jan 2024 00:00:00 +0000"
    [outline] = root.iterfind("body/outline[@text='x']/outline")
    assert (outline.get("type"), outline.get("text"), outline.get("xmlUrl")) == ("rss", "a", A)
