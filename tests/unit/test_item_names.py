"""Names of the entries of one document."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.identity import Sighting
from feeds.item_keys import build_item_key, shorten_key
from feeds.item_names import _LONG_TEXT, Naming, _get_title_and_date, _is_same, list_names, name_entries
from tests.rigs.examples import examples

DAY = datetime(2024, 5, 6, tzinfo=UTC)
OTHER_DAY = datetime(2024, 5, 7, tzinfo=UTC)


def make_entry(guid: str = "", link: str = "", text: str = "t", title: str = "a") -> Sighting:
    """Build an entry with the keys that its guid and address give."""
    keys = {f"guid:s:{guid}"} if guid else set()
    keys |= {f"url:{link}"} if link else set()
    weak = frozenset(keys or {f"text:{text}"})
    return Sighting(
        number=0,
        source="s",
        rank=0,
        item="",
        place="",
        strong="",
        weak=weak,
        own=weak,
        title=title,
        link=link,
        page="",
        authors=(),
        published=DAY,
        updated=None,
        guess=DAY,
        categories=(),
        tags=(),
        length=1,
        guid=guid,
        text=text,
    )


ENTRIES = st.lists(
    st.builds(
        make_entry,
        st.sampled_from(["", "", "1", "2"]),
        st.sampled_from(["", "https://a.example/1", "https://a.example/2"]),
        st.sampled_from("tuv"),
        st.sampled_from("ab"),
    ),
    max_size=7,
)


@examples(100)
@given(ENTRIES)
def test_different_entries_have_different_names_and_share_no_open_key(entries: list[Sighting]) -> None:
    naming = name_entries("s", entries, ())
    for i, first in enumerate(entries):
        for j, second in enumerate(entries[:i]):
            assert (naming.names[i] == naming.names[j]) == (first == second)
            assert first == second or not (first.own & second.own) - naming.blocked


@examples(100)
@given(ENTRIES, st.randoms())
def test_the_order_of_a_document_changes_no_name(entries: list[Sighting], dice: object) -> None:
    mixed = list(range(len(entries)))
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    naming = name_entries("s", entries, ())
    other = name_entries("s", [entries[i] for i in mixed], ())
    assert other.blocked == naming.blocked
    assert [naming.names[i] for i in mixed] == list(other.names)


@examples(100)
@given(ENTRIES)
def test_the_same_document_again_has_the_same_names(entries: list[Sighting]) -> None:
    naming = name_entries("s", entries, ())
    assert name_entries("s", entries, naming.blocked) == naming._replace(
        blocked=name_entries("s", entries, naming.blocked).blocked
    )
    stored = name_entries("s", entries, naming.blocked, naming.names)
    assert stored.names == naming.names
    assert stored.blocked <= naming.blocked


def test_a_stored_name_stays_unless_another_entry_has_it() -> None:
    stored = make_entry("1", "https://a.example/1")
    other = make_entry("1", "https://a.example/2")
    assert name_entries("s", [stored], (), ["old"]) == Naming(("old",), frozenset())
    naming = name_entries("s", [stored, other], (), ["id:1"])
    assert naming.names == ("id:1 url:https://a.example/1", "id:1 url:https://a.example/2")
    assert naming.blocked == {"guid:s:1", build_item_key("s", "id:1")}


def test_a_long_name_is_a_digest_and_keeps_its_kind() -> None:
    assert list_names(make_entry("g" * 1500))[0].startswith("id:sha256:")
    assert len(shorten_key("url:" + "x" * 5000)) < 100
    assert shorten_key("url:" + "x" * 996) == "url:" + "x" * 996


@pytest.mark.parametrize(
    ("entry", "former", "same"),
    [
        ({"title": "x"}, {"title": "y"}, True),
        ({"published": OTHER_DAY}, {}, False),
        ({"published": OTHER_DAY, "length": _LONG_TEXT}, {}, True),
        ({"published": OTHER_DAY, "length": _LONG_TEXT - 1}, {}, False),
        ({"published": OTHER_DAY, "length": _LONG_TEXT, "title": "x"}, {}, False),
        ({"published": None}, {}, True),
        ({"published": None, "title": "x"}, {}, False),
        ({"published": None}, {"published": None}, True),
    ],
)
def test_an_entry_is_the_same_by_its_date_or_by_title_and_length(
    entry: dict[str, object], former: dict[str, object], same: bool
) -> None:
    first = make_entry()._replace(published=DAY, length=1)
    assert _is_same(first._replace(**entry), first._replace(**former)) is same


def test_entries_match_by_title_and_date_only_with_both() -> None:
    dated = make_entry(title="a")._replace(published=datetime(2024, 5, 1, tzinfo=UTC))
    assert _get_title_and_date(dated) == "1714521600.0 a"
    assert _get_title_and_date(dated._replace(published=None)) == ""
    assert _get_title_and_date(dated._replace(title="")) == ""
