"""What a response means: refusals, the next poll, the stored head, the change of the entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from feeds.fetcher.feed import Fetched, FetchState
from feeds.http import Link
from feeds.identity import Sighting
from feeds.ingest import feed_decisions
from feeds.ingest.entry_account import EntryAccount
from feeds.ingest.feed_items import parse_entries, split_document
from feeds.item_names import list_names
from feeds.storage.records import Reading
from feeds.storage.upstreams import KnownEntries
from feeds.workers import ingest_tasks
from feeds.workers.task_types import EntrySettings, Settings
from tests.rigs.memory_world import build_rss

NOW = datetime(2024, 5, 1, tzinfo=UTC)
SECOND = int(NOW.timestamp())
NONE = KnownEntries([], frozenset(), frozenset(), frozenset())


@pytest.fixture(autouse=True)
def begin() -> None:
    ingest_tasks.begin(Settings({}, (), None, 30, 100, ("atom",), "https://a.example/", "en"))


def fetched(outcome: str = "new", **more: object) -> Fetched:
    return Fetched(outcome, FetchState(), "read", url="https://up.example/feed", **more)


def parse(data: bytes):
    parts = split_document(data, "")
    settings = EntrySettings("up", 0, "UTC", (), True)
    return parts, parse_entries(parts, range(len(parts.entries)), "https://up.example/feed", settings, NOW)


def test_what_is_no_feed_or_too_long_is_refused() -> None:
    page = split_document(b"<html></html>", "")
    assert feed_decisions.find_refusal(page, "https://a.example/", "text/html; charset=x") == (
        "https://a.example/ is not a feed (text/html). Moved? Try `feedd add https://a.example/`"
    )
    assert "is not a feed. Moved" in feed_decisions.find_refusal(page, "https://a.example/")
    parts = split_document(build_rss("a"), "")
    assert feed_decisions.find_refusal(parts) == ""
    assert feed_decisions.find_refusal(replace(parts, entries=("x",) * 10_000)) == ""
    assert feed_decisions.find_refusal(replace(parts, entries=("x",) * 10_001)).startswith(
        "has 10001 entries"
    )


def test_new_entries_are_those_that_are_neither_stored_nor_rejected() -> None:
    parts, found = parse(build_rss("a", "b", "c"))
    stored = found.readings[2].sighting
    assert stored is not None
    known = replace(NONE, entries=[stored], rejected={parts.digests[1]})
    assert feed_decisions.select_new_entries(parts, known) == [2]


def test_long_entries_are_left_out() -> None:
    parts = split_document(build_rss("a", "b"), "")
    long = replace(parts, entries=("x" * 2_000_001, parts.entries[1]))
    account = EntryAccount(long)
    kept, message = feed_decisions.drop_long_entries(long, [0, 1], account)
    assert (kept, message) == ([1], "1 entries of more than 2,000,000 characters are left out")
    assert [entry.reason for entry in account.left_out] == ["too long"]
    exact = replace(parts, entries=("x" * 2_000_000, parts.entries[1]))
    assert feed_decisions.drop_long_entries(exact, [0, 1], account) == ([0, 1], "")
    assert feed_decisions.drop_long_entries(replace(long, whole=True), [0], account) == ([0], "")


def test_an_update_has_the_new_entries_and_what_they_replace() -> None:
    stone = '<at:deleted-entry xmlns:at="http://purl.org/atompub/tombstones/1.0" ref="{}" when="2024-01-01T00:00:00Z"/>'
    parts, found = parse(build_rss("a", "b", "c", head=stone.format("a") + stone.format("z")))
    stored = found.readings[0].sighting
    assert stored is not None
    account = EntryAccount(parts)
    known = replace(NONE, entries=[stored], removed={"id:b"})
    rest = replace(found, readings=found.readings[1:])
    update = feed_decisions.decide_update("up", rest, fetched(), known, {"recent": [5]}, account)
    assert [reading.path for reading in update.readings] == ["id:a"]
    assert set(update.present) == {"id:c"}
    assert set(update.window) == {"id:a", "id:c"}
    assert [(entry.title, entry.reason) for entry in update.left_out] == [("Entry b", "removed")]
    assert set(update.withdrawn) == ({"z"} if found.head.tombstones else set())
    assert update.head is not None
    assert update.head["recent"] == [5, 1_711_965_600]


def test_only_the_latest_dates_are_kept() -> None:
    parts, found = parse(build_rss("a"))
    before = {"recent": list(range(30))}
    update = feed_decisions.decide_update("up", found, fetched(), NONE, before, EntryAccount(parts))
    assert update.head is not None
    assert update.head["recent"] == [*range(11, 30), 1_711_965_600]


def test_the_head_prefers_what_the_response_says() -> None:
    head = parse(
        build_rss(
            "a",
            head='<ttl>30</ttl><atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="https://doc.example/"/>',
        )
    )[1].head
    plain = feed_decisions.build_head_values(head, fetched())
    assert (plain["title"], plain["url"], plain["ttl"], plain["sy"]) == (
        "Up",
        "https://up.example/feed",
        30 * 60 if plain["ttl"] > 30 else 30,
        0,
    )
    assert plain["hubs"] == ["https://doc.example/"]
    links = tuple(Link(f"https://h{n}.example/", ("hub",)) for n in (1, 2, 2, 3, 4, 5, 6))
    own = Link("https://up.example/self", ("self",))
    stated = feed_decisions.build_head_values(head, fetched(links=(*links, own)))
    assert stated["hubs"] == [f"https://h{n}.example/" for n in range(1, 6)]
    assert stated["self"] == "https://up.example/self"
    weekly = replace(head, update_period="weekly", update_frequency=2, skip_hours={5, 3}, skip_days={6, 0})
    values = feed_decisions.build_head_values(weekly, fetched())
    assert values["sy"] == 604800 / 2
    assert (values["skip_hours"], values["skip_days"]) == ([3, 5], ["monday", "sunday"])


def test_hints_come_from_head_and_response() -> None:
    state = FetchState(etag="x")
    hints = feed_decisions.build_hints(
        {"ttl": 5, "sy": 6, "skip_hours": [1], "skip_days": ["monday"]},
        fetched(max_age=7, retry_after=8)._replace(state=state),
    )
    assert (hints.ttl, hints.sy, hints.max_age, hints.retry_after) == (5, 6, 7, 8)
    assert (hints.skip_hours, hints.skip_days, hints.validators) == ({1}, {"monday"}, True)
    empty = feed_decisions.build_hints({}, fetched())
    assert (empty.ttl, empty.sy, empty.validators) == (0, 0, False)


def decide(response: Fetched, *, every: float = 3600, pushed: bool = False):
    return feed_decisions.decide_next_poll(4, every, response, {}, NOW, 0.5, pushed=pushed)


def test_the_next_poll() -> None:
    poll = decide(fetched())
    assert (poll.source, poll.polled, poll.outcome, poll.reason) == (4, SECOND, "new", "read")
    assert SECOND + 3000 < poll.due < SECOND + 4200
    assert decide(fetched(), every=0, pushed=True).due - SECOND > decide(fetched(), every=0).due - SECOND
    assert decide(fetched(), every=0, pushed=True).due >= SECOND + 6 * 3600 * 0.9
    later = decide(fetched("delayed", retry_after=7 * 3600)._replace(state=FetchState(failures=1)))
    assert (later.decided_by, later.due >= SECOND + 7 * 3600) == ("retry-after", True)
    gone = decide(fetched("gone")._replace(state=FetchState(gone=True)))
    assert gone.due > SECOND + timedelta(days=1000).total_seconds()


@pytest.mark.parametrize(
    ("outcome", "seconds", "text"),
    [
        ("failed", 7200, "; next try in 2 h"),
        ("failed", 7199, "; next try in 120 min"),
        ("failed", 90, "; next try in 2 min"),
        ("gone", 90, ""),
    ],
)
def test_when_it_is_tried_again(outcome: str, seconds: int, text: str) -> None:
    poll = decide(fetched(outcome))._replace(due=SECOND + seconds, outcome=outcome)
    assert feed_decisions.describe_retry(poll) == text


@pytest.mark.parametrize(
    ("period", "seconds"),
    [
        ("hourly", 3600),
        ("daily", 86400),
        ("weekly", 604800),
        ("monthly", 2592000),
        ("yearly", 31536000),
        ("x", 0),
    ],
)
def test_the_length_of_a_period(period: str, seconds: int) -> None:
    assert feed_decisions._PERIODS.get(period, 0) == seconds


DATE = datetime(2024, 1, 2, tzinfo=UTC)


def build_entry(guid: str, text: str, number: int = 0) -> Sighting:
    keys = frozenset({f"guid:up:{guid}"}) if guid else frozenset({f"text:{text}"})
    made = Sighting(
        number=number, source="up", rank=0, item="", place="", strong="", weak=keys, own=keys, title=text,
        link=f"https://a.example/{text}", page="", authors=(), published=DATE, updated=None, guess=None,
        categories=(), tags=(), length=1, guid=guid, text=text, digest=text.encode(),
    )  # fmt: skip
    return made._replace(item=list_names(made)[0])


def build_reading(sighting: Sighting) -> Reading:
    return Reading(sighting.item, 1, 0, sighting.digest, "item", sighting=sighting)


def test_entries_keep_their_names_where_they_differ() -> None:
    one, two = build_entry("1", "a"), build_entry("2", "b")
    found = feed_decisions.match_entries("up", [one], [build_reading(two)], ())
    assert [item.path for item in found.readings] == [two.item]
    assert (found.repeated, found.renamed, found.blocked) == ([], [], frozenset())
    assert found.guids == {"1", "2"}
    assert found.known_names == {one.item}


def test_an_entry_that_equals_a_stored_entry_is_repeated() -> None:
    one = build_entry("1", "a", 5)
    found = feed_decisions.match_entries(
        "up", [one], [build_reading(build_entry("1", "a")), build_reading(build_entry("2", "b"))], ()
    )
    assert [item.path for item in found.repeated] == [one.item]
    assert len(found.readings) == 1
    twice = feed_decisions.match_entries(
        "up", [], [build_reading(build_entry("2", "b")), build_reading(build_entry("2", "b"))], ()
    )
    assert (len(twice.readings), len(twice.repeated)) == (1, 1)


def test_different_entries_of_one_guid_get_names_of_their_own() -> None:
    found = feed_decisions.match_entries(
        "up", [], [build_reading(build_entry("1", "a")), build_reading(build_entry("1", "b"))], ()
    )
    paths = [item.path for item in found.readings]
    assert len(set(paths)) == 2
    assert found.repeated == []
    assert all(item.sighting is not None and item.sighting.item == item.path for item in found.readings)
    assert found.blocked == {"guid:up:1", "item:up:id:1"}
    again = feed_decisions.match_entries(
        "up", [], [build_reading(build_entry("1", "a")), build_reading(build_entry("1", "b"))], found.blocked
    )
    assert again.blocked == frozenset()
    stored = feed_decisions.match_entries(
        "up", [build_entry("1", "a", 5)], [build_reading(build_entry("1", "b"))], ()
    )
    assert [old.number for old, _ in stored.renamed] == [5]


def test_a_refusal_counts_for_the_same_bytes_and_settings() -> None:
    head = feed_decisions.add_refusal({"title": "T"}, "key", "digest", "too slow")
    assert head["title"] == "T"
    assert feed_decisions.get_refusal(head, "key", "digest") == "too slow"
    assert feed_decisions.get_refusal(head, "key", "other") == ""
    assert feed_decisions.get_refusal(head, "other", "digest") == ""
    assert feed_decisions.get_refusal({}, "key", "") == ""


def test_verdicts_of_other_settings_are_outdated() -> None:
    head = feed_decisions.add_refusal({}, "key", "digest", "too slow")
    assert not feed_decisions.are_outdated(head, "key")
    assert feed_decisions.are_outdated(head, "other")
    assert not feed_decisions.are_outdated({}, "key")


def test_only_the_first_names_are_shown() -> None:
    assert feed_decisions.list_entry_names(["a", "b"]) == "'a', 'b'"
    assert feed_decisions.list_entry_names(["a"] * 20).endswith("'a'")
    assert feed_decisions.list_entry_names(["a"] * 21).endswith("'a' and 1 more")
