"""Identity by itself, rule by rule: keys, groups, who goes on with which known post, what is shown, which id is made."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from feeds.identity import (
    Group,
    Known,
    Sighting,
    claim,
    compute_rank,
    group,
    is_hidden,
    may_be,
    merge,
    select_originals,
)
from feeds.item_keys import Keys, build_item_key, derive_keys
from feeds.post_ids import choose_id_key, derive_id

DAY = datetime(2024, 5, 1, tzinfo=UTC)
RULES = [("code", re.compile(r"code=(?P<key>\d*)")), ("other", re.compile(r"/o/(?P<key>\d+)"))]
UUIDS = uuid.UUID("7e1f8d4e-5c0a-5b1e-9c6b-0a4f6f2d9a11")
"""The space of names of every id that was ever minted: another one would give every post a new id."""


def said(number: int, item: str = "", weak: str = "", strong: str = "", **values: Any) -> Sighting:
    """A sighting; ``weak`` are keys with spaces between."""
    keys = frozenset(weak.split())
    values = {
        "source": "s",
        "rank": 0,
        "place": "",
        "own": keys,
        "title": "",
        "link": "",
        "page": "",
    } | values
    return Sighting(
        number=number,
        item=item or f"i{number}",
        strong=strong,
        weak=keys,
        **{name: () for name in ("authors", "categories", "tags") if name not in values},
        **{name: None for name in ("published", "updated", "guess") if name not in values},
        **({"length": 0} | values),
    )


def keys(guid: str = "", address: str = "", fingerprint: str = "", rules: Any = RULES) -> Keys:
    return derive_keys("s", "i", guid, address, rules, lambda: fingerprint)


def weak(*names: str) -> Keys:
    return Keys("", frozenset(names))


def test_an_item_is_known_by_its_address_and_its_guid() -> None:
    assert keys("g", "http://a.example/1") == weak("url:https://a.example/1", "guid:s:g")
    assert keys("https://a.example/1") == weak("guid:s:https://a.example/1"), (
        "an address counts in its source"
    )
    assert keys("urn:uuid:1") == weak("iri:urn:uuid:1"), "any other absolute IRI in all of them"
    assert keys("javascript:x") == weak("guid:s:javascript:x")
    assert keys("", "no address") == weak("item:s:i")


def test_a_text_counts_only_where_there_is_neither_address_nor_strong_key() -> None:
    assert keys(fingerprint="t") == weak("text:t")
    assert keys("g", fingerprint="t") == weak("text:t", "guid:s:g")
    assert keys("", "http://a.example/1", "t") == weak("url:https://a.example/1")
    assert keys("code=1", "", "t") == Keys("!code:1", frozenset(["guid:s:code=1"]))
    assert keys("", "http://a.example/", "t") == weak("text:t"), "the root of a site names nothing"
    assert keys() == weak("item:s:i")
    assert derive_keys("s", "i", "", "/o/1", RULES, lambda: "") == Keys("!other:1", frozenset())

    def never() -> str:
        raise AssertionError

    derive_keys("s", "i", "", "http://a.example/1", RULES, never)
    derive_keys("s", "i", "code=5", "", RULES, never)


def test_a_strong_key_is_the_first_of_the_first_rule_in_the_address_then_the_guid() -> None:
    assert keys("code=2", "http://a.example/?code=1").strong == "!code:1"
    assert keys("code=2", "http://a.example/1").strong == "!code:2"
    assert keys("", "http://a.example/o/3?code=1").strong == "!code:1"
    assert keys("", "http://a.example/o/3?code=").strong == "!other:3", "an empty key is none"
    assert keys("", "http://a.example/o/3", rules=RULES[:1]).strong == ""


def test_an_endless_address_is_not_searched_for_a_key() -> None:
    fits = "http://a.example/?code=1" + "x" * (2048 - 24)
    assert len(fits) == 2048
    assert keys("", fits).strong == "!code:1"
    assert keys("", fits + "x").strong == ""


def test_what_nobody_has_to_say_is_empty() -> None:
    assert build_item_key("s", "i") == "item:s:i"
    one = said(1)
    assert (one.guid, one.fixed_id, one.language, one.digest) == ("", "", "", b"")


def numbers(groups: list[Group]) -> list[tuple[str, list[int]]]:
    return [(one.strong, [s.number for s in one.sightings]) for one in groups]


def test_groups_and_their_sightings_stand_in_the_order_of_source_item_and_place() -> None:
    first, second = said(1, "b", "url:1", "!k:1"), said(2, "a", "url:1")
    third = said(3, "c", source="r")
    early, late = said(4, "d", "url:4", place="1"), said(5, "d", "url:4", place="2")
    given = [first, second, third, late, early]
    assert numbers(group(given)) == numbers(group(given[::-1])) == [("", [3]), ("!k:1", [2, 1]), ("", [4, 5])]


def test_loose_sightings_go_to_the_smallest_strong_key_that_shares_a_key_with_any_of_them() -> None:
    strong = [said(1, weak="url:1", strong="!k:2"), said(2, weak="url:1 url:2", strong="!k:3")]
    loose = [said(3, weak="url:2 url:3"), said(4, weak="url:3 url:4"), said(5, weak="url:9")]
    assert numbers(group(strong + loose)) == [("!k:2", [1]), ("!k:3", [2, 3, 4]), ("", [5])]
    more = [said(6, weak="url:4", strong="!k:1")]
    assert numbers(group(strong + loose + more)) == [
        ("!k:2", [1]),
        ("!k:3", [2]),
        ("!k:1", [3, 4, 6]),
        ("", [5]),
    ]
    assert numbers(group([strong[1], strong[0], said(3, weak="url:1")])) == [("!k:2", [1, 3]), ("!k:3", [2])]


def test_burnt_keys_neither_join_nor_lead_to_a_strong_key() -> None:
    three = [said(1, weak="url:1", strong="!k:1"), said(2, weak="url:1 url:2"), said(3, weak="url:2")]
    assert numbers(group(three)) == [("!k:1", [1, 2, 3])]
    assert numbers(group(three, {"url:1"})) == [("!k:1", [1]), ("", [2, 3])]
    assert numbers(group(three, {"url:2"})) == [("!k:1", [1, 2]), ("", [3])]


def test_a_long_chain_of_shared_keys_is_one_post() -> None:
    chain = [said(n, f"{(n * 7) % 50:02}", f"url:{n} url:{n + 1}") for n in range(50)]
    for given in (chain, chain[::-1], sorted(chain, key=lambda one: one.item)):
        assert len(group(given)) == 1
    assert len(group(chain, {"url:25"})) == 2


def test_a_post_is_recognised_by_every_key_and_by_the_item_of_a_burnt_one() -> None:
    two = Group("!k:1", (said(1, "a", "url:1 url:2", "!k:1"), said(2, "b", "guid:s:b")))
    assert two.collect_keys() == {"!k:1", "url:1", "url:2", "guid:s:b"}
    assert two.collect_keys({"url:1"}) == {"!k:1", "item:s:a", "url:2", "guid:s:b"}
    assert Group("", (said(1, "a", "url:1"),)).collect_keys() == {"url:1"}


def known(number: int, minted: int, key: str = "", strong: str = "") -> dict[int, Known]:
    return {number: Known(number, minted, strong, key)}


def test_a_group_goes_on_with_the_post_that_its_sightings_or_its_keys_had() -> None:
    one = Group("", (said(1, weak="url:1"),))
    assert claim([one], {}, {}, {}) == [None]
    assert claim([one], {}, {1: 7}, known(7, 1)) == [7]
    assert claim([one], {}, {1: None}, known(7, 1)) == [None]
    assert claim([one], {"url:1": 7}, {}, known(7, 1)) == [7]
    assert claim([one], {"url:2": 7}, {2: 7}, known(7, 1)) == [None]
    assert claim([one], {"url:1": 8}, {1: 9}, known(7, 1)) == [None], "posts that nobody knows are nobody's"
    assert claim([one], {"url:1": 7}, {}, known(7, 1), {"url:1"}) == [None], "a burnt key leads nowhere"
    assert claim([one], {"item:s:i1": 7}, {}, known(7, 1), {"url:1"}) == [7]


def test_a_group_takes_the_post_that_was_minted_first() -> None:
    one = Group("", (said(1, weak="url:1"), said(2, weak="url:2")))
    posts = known(7, 2, "url:1") | known(8, 1)
    assert claim([one], {"url:1": 7}, {2: 8}, posts) == [8]
    assert claim([one], {"url:1": 7}, {2: 8}, known(7, 1) | known(8, 2)) == [7]


def test_a_post_goes_to_the_group_with_the_key_of_its_id_then_to_one_of_its_sightings_then_of_its_keys() -> (
    None
):
    first = Group("", (said(1, "a", "url:1"),))
    second = Group("", (said(2, "b", "url:2"),))
    owned = {"url:1": 7, "url:2": 7}
    assert claim([first, second], owned, {}, known(7, 1)) == [7, None], "else to the first"
    assert claim([first, second], owned, {2: 7}, known(7, 1)) == [None, 7]
    assert claim([first, second], owned, {1: 7}, known(7, 1, "url:2")) == [None, 7]
    assert claim([first, second], owned, {1: 7, 2: 8}, known(7, 1, "url:2") | known(8, 2)) == [None, 7]
    assert claim([first, second], owned, {1: 8, 2: 7}, known(7, 1) | known(8, 2)) == [8, 7]


def test_two_strong_keys_are_never_one_post() -> None:
    one = Group("!k:1", (said(1, weak="url:1", strong="!k:1"),))
    assert may_be(one, "")
    assert may_be(one, "!k:1")
    assert not may_be(one, "!k:2")
    assert may_be(Group("", ()), "!k:2")
    assert claim([one], {"url:1": 7}, {}, known(7, 1, strong="!k:2")) == [None]
    assert claim([one], {"!k:1": 7}, {}, known(7, 1, strong="!k:1")) == [7]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"rank": 0}, {"rank": 1, "length": 9}),
        ({"length": 1}, {"updated": DAY}),
        (
            {"updated": DAY, "published": DAY},
            {"updated": DAY - timedelta(days=1), "published": DAY + timedelta(days=9)},
        ),
        ({"published": DAY}, {"length": 0}),
        ({"published": DAY, "length": 1}, {"published": DAY - timedelta(days=1), "length": 9}),
        ({"published": datetime(1960, 1, 1, tzinfo=UTC)}, {}),
        ({"length": 9}, {"length": 8}),
        ({"source": "a", "item": "z"}, {"source": "b", "item": "a"}),
        ({"item": "a", "place": "z"}, {"item": "b", "place": "a"}),
        ({"item": "a", "place": "a"}, {"item": "a", "place": "b"}),
    ],
)
def test_who_is_asked_first_for_what_a_post_shows(first: dict[str, Any], second: dict[str, Any]) -> None:
    one, other = said(1, **first), said(2, **second)
    assert compute_rank(one) < compute_rank(other)
    for two in ([one, other], [other, one]):
        assert merge(two).body == (2 if second.get("length") and not first.get("length") else 1)


def test_a_post_shows_the_first_that_is_said_of_each_kind_and_every_term() -> None:
    first = said(1, title="", link="", page="p1", categories=("A", "B"), tags=("x",), updated=DAY, guess=DAY)
    second = said(
        2,
        rank=1,
        title="two",
        link="l2",
        page="p2",
        authors=("Ada",),
        categories=("B", "C"),
        tags=("y", "x"),
        length=5,
        published=DAY - timedelta(days=3),
        updated=DAY - timedelta(days=2),
        language="fr",
    )
    third = said(
        3, rank=2, title="three", link="l3", authors=("Bea",), length=9, published=DAY, language="de"
    )
    shown = merge([third, first, second])
    assert (shown.title, shown.link, shown.authors) == ("two", "l2", ("Ada",))
    assert (shown.published, shown.guessed) == (DAY - timedelta(days=3), False)
    assert (shown.body, shown.updated, shown.language) == (2, DAY - timedelta(days=2), "fr")
    assert shown.categories == ("A", "B", "C")
    assert shown.tags == ("x", "y")
    alone = merge([first])
    assert (alone.title, alone.link, alone.authors) == ("", "p1", ())
    assert (alone.published, alone.guessed, alone.body, alone.updated) == (DAY, True, 1, DAY)
    assert merge([said(1)])._replace(body=0) == ("", "", (), None, True, None, (), (), 0, "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("text:a guid:s:a iri:a url:a", "url:a"),
        ("text:a guid:s:a iri:a", "iri:a"),
        ("text:a guid:s:a", "guid:s:a"),
        ("item:s:i1 text:z", "text:z"),
        ("url:b url:a", "url:a"),
        ("item:s:b item:s:a", "item:s:a"),
    ],
)
def test_the_id_comes_from_the_strongest_key(given: str, expected: str) -> None:
    assert choose_id_key(Group("", (said(1, weak=given),))) == expected
    assert choose_id_key(Group("!k:1", (said(1, weak=given, strong="!k:1"),))) == "!k:1"


def test_the_id_comes_from_what_is_said_now_unless_that_is_burnt() -> None:
    one = Group("", (said(1, "a", "url:1 url:2", own=frozenset(["url:2"])), said(2, "b", "url:3")))
    assert choose_id_key(one) == "url:2"
    assert choose_id_key(one, {"url:2"}) == "url:3"
    alone = Group("", one.sightings[:1])
    assert choose_id_key(alone, {"url:2"}) == "url:1"
    assert choose_id_key(alone, {"url:1", "url:2"}) == "item:s:a"


def identity(one: Group, *taken: str, blocked: tuple[str, ...] = ()) -> str:
    return derive_id(one, blocked, taken.__contains__)


def minted(key: str) -> str:
    return uuid.uuid5(UUIDS, key).urn


def test_an_id_is_the_one_that_is_set_or_the_guid_or_made_of_a_key() -> None:
    strong = Group("!k:1", (said(1, weak="url:1", strong="!k:1", guid="urn:x:1"),))
    assert identity(strong) == minted("k:1"), "a strong key beats the guid"
    loose = Group("", (said(1, weak="url:1", guid="no IRI"), said(2, weak="url:2", guid="urn:x:2", rank=1)))
    assert identity(loose) == "urn:x:2"
    assert identity(loose, "urn:x:2") == minted("url:1")
    assert identity(loose, "urn:x:2", blocked=("url:1",)) == minted("url:2")
    two = Group("", (said(1, guid="urn:x:1", weak="url:1", rank=1), said(2, guid="urn:x:2", weak="url:1")))
    assert identity(two) == "urn:x:2", "asked in the order of what is shown"
    assert identity(two, "urn:x:2") == "urn:x:1"
    fixed = (
        said(1, fixed_id="tag:a", strong="!k:1"),
        said(2, fixed_id="tag:b", strong="!k:1", rank=1),
        said(3, "c"),
    )
    assert identity(Group("!k:1", fixed)) == "tag:a"
    assert identity(Group("!k:1", fixed), "tag:a") == "tag:b"
    assert identity(Group("!k:1", fixed), "tag:a", "tag:b") == minted("k:1")


def test_an_id_that_is_taken_is_made_of_a_longer_key() -> None:
    strong = Group("!k:1", (said(1, strong="!k:1"),))
    second = minted("!k:1+")
    assert identity(strong, minted("k:1")) == second
    assert identity(strong, minted("k:1"), second) == minted("!k:1++")


PAGE_A = "page:https://a.example/1"


def name_groups(*sightings: Sighting, reserved: frozenset[str] = frozenset()) -> list[list[int]]:
    return [[s.number for s in post.sightings] for post in group(sightings, reserved=reserved)]


def test_an_entry_joins_the_file_whose_page_it_has_and_no_file_that_only_names_it() -> None:
    file = said(1, place="a.md", weak=f"item:s:1 {PAGE_A}")
    citing = said(2, place="b.md", weak="item:s:2 url:https://a.example/1")
    entry = said(3, weak="url:https://a.example/1")
    assert name_groups(file, citing, entry) == [[1, 3], [2]]
    # Without the page the address joins.
    assert name_groups(citing, entry) == [[2, 3]]
    # A blocked address joins nothing.
    assert [len(post.sightings) for post in group([file, citing, entry], {"url:https://a.example/1"})] == [
        1,
        1,
        1,
    ]


def test_the_file_whose_present_page_it_is_comes_before_a_file_that_had_it() -> None:
    former = said(1, place="a.md", weak=f"item:s:1 {PAGE_A}", own=frozenset(("item:s:1",)))
    present = said(2, place="b.md", weak=f"item:s:2 {PAGE_A}")
    entry = said(3, weak="url:https://a.example/1")
    assert name_groups(former, present, entry) == [[1], [2, 3]]
    assert name_groups(former, entry) == [[1, 3]]


def test_an_entry_with_the_page_of_an_unpublished_file_joins_no_other_post() -> None:
    citing = said(2, place="b.md", weak="item:s:2 url:https://a.example/1")
    entry, other = said(3, weak="url:https://a.example/1"), said(4, weak="guid:s:4")
    assert name_groups(citing, entry, other, reserved=frozenset((PAGE_A,))) == [[2], [3], [4]]
    assert name_groups(other, reserved=frozenset((PAGE_A,))) == [[4]]
    assert is_hidden(Group("", (entry,)), {PAGE_A})
    assert not is_hidden(Group("", (other,)), {PAGE_A})
    assert not is_hidden(Group("", (entry, citing)), {PAGE_A})
    assert not is_hidden(Group("", (entry,)), set())


def test_a_post_shows_nothing_of_copies_of_its_page() -> None:
    file = said(1, place="a.md", weak=PAGE_A)
    copy, other = said(2, weak="url:https://a.example/1"), said(3, weak="url:https://a.example/2")
    assert select_originals([file, copy, other]) == [file, other]
    assert select_originals([copy, other]) == [copy, other]
    assert select_originals([file]) == [file]
