"""Responses of feeds are stored with their entries; failures are reported and tried again later."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from feeds.errors import DeadlineExceeded, FeedUnreadable, StoreError
from feeds.fetcher.feed import Fetched, FetchState
from feeds.fetcher.request import Request
from feeds.storage.upstreams import load_upstreams
from tests.rigs.memory_world import NOON, UPSTREAM, InlineWorkers, World, build_rss

SECOND = int(NOON.timestamp())
REQUEST = Request("up", "https://up.example/feed")


class FailingWorkers(InlineWorkers):
    """Counts its tasks, each of which fails."""

    def __init__(self, error: Exception) -> None:
        self.error, self.tries = error, 0

    def run(self, function: Any, *arguments: Any) -> Any:
        self.tries += 1
        raise self.error


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, more=UPSTREAM)


def answer(outcome: str, **more: object) -> tuple[Request, Fetched]:
    return REQUEST, Fetched(outcome, FetchState(), outcome, url=REQUEST.url, **more)


def test_a_document_is_stored_with_its_state(world: World) -> None:
    report = world.ingest_feed(build_rss("a", "b"), state=FetchState(etag='"x"'))
    assert (report.asked, report.new, report.changed, report.gone, report.troubles) == (1, 2, 0, 0, [])
    row = load_upstreams(world.db)["up"]
    assert (row.outcome, row.polled, row.head["title"]) == ("new", SECOND, "Up")
    assert row.due > SECOND
    ingester = world.open_ingester()
    assert ingester.get_state("up").etag == '"x"'
    assert ingester.get_due("up") == row.due
    assert ingester.get_heads() == {"up": row.head}
    assert not ingester.must_wait("up")
    assert ingester.get_due("other") == 0
    assert ingester.get_state("other") == FetchState()


def test_unchanged_entries_are_not_parsed_again(world: World) -> None:
    world.ingest_feed(build_rss("a", "b"))
    world.publish()
    assert (world.ingest_feed(build_rss("a", "b")).new, world.ingest_feed(build_rss("a", "c")).new) == (0, 1)
    changed = build_rss("a").replace(b"Text a", b"Text of a, changed")
    report = world.ingest_feed(changed)
    assert (report.new, report.changed) == (0, 1)


def test_responses_without_a_document_are_stored_together(world: World) -> None:
    ingester = world.open_ingester()
    answers = [answer("failed", status=500), answer("same", status=304), answer("gone", status=410)]
    ingester.ingest_responses(answers)
    assert answers == []
    assert ingester.report.asked == 3
    assert [trouble.partition(";")[0] for trouble in ingester.report.troubles] == [
        "source up: failed",
        "source up: gone",
    ]
    assert load_upstreams(world.db)["up"].outcome == "gone"


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"<html></html>", "is not a feed (text/html)"), (b"", "is not a feed (text/html)")],
)
def test_what_is_no_feed_is_a_failure(world: World, data: bytes, reason: str) -> None:
    world.ingest_feed(build_rss("a"), state=FetchState(etag='"x"'))
    report = world.ingest_feed(data, content_type="text/html")
    assert reason in report.troubles[0]
    row = load_upstreams(world.db)["up"]
    assert (row.outcome, FetchState.from_json(row.state).failures) == ("failed", 1)
    assert row.head["title"] == "Up"


@pytest.mark.parametrize(
    ("decided_by", "waits"), [("retry-after", True), ("gone", True), ("backoff", True), ("interval", False)]
)
def test_who_must_wait(world: World, decided_by: str, waits: bool) -> None:
    world.ingest_feed(build_rss("a"))
    world.db._connection.execute("UPDATE upstream SET decided_by = ?", (decided_by,))
    assert world.open_ingester().must_wait("up") is waits
    assert not world.open_ingester().must_wait("other")


def test_an_unexpected_error_stops_no_other_feed(world: World) -> None:
    world.session.workers = FailingWorkers(ZeroDivisionError("oops"))  # type: ignore[assignment]
    report = world.ingest_feed(build_rss("a"))
    assert report.troubles == ["source up: cannot be parsed (ZeroDivisionError: oops)"]

    world.session.workers = FailingWorkers(StoreError("full"))  # type: ignore[assignment]
    with pytest.raises(StoreError):
        world.ingest_feed(build_rss("a"))


def test_a_document_that_takes_too_long_is_not_tried_again(world: World) -> None:
    workers = FailingWorkers(DeadlineExceeded(9.0))
    world.session.workers = workers  # type: ignore[assignment]
    for _ in range(2):
        assert world.ingest_feed(build_rss("a")).troubles == [f"source up: {DeadlineExceeded(9.0)}"]
    each = workers.tries  # at first quickly, then apart
    world.ingest_feed(build_rss("b"))
    assert workers.tries == 2 * each
    world.ingest_feed(build_rss("b"))
    assert workers.tries == 2 * each
    world.session.settings_digest = "other"
    world.ingest_feed(build_rss("b"))
    assert workers.tries == 3 * each


def test_a_slow_document_holds_up_no_other_of_its_batch(tmp_path: Path) -> None:
    slow = UPSTREAM.replace('"up"', '"slow"').replace("up.example", "slow.example")
    world, released = World(tmp_path, more=UPSTREAM + slow), threading.Event()

    class HangingWorkers(InlineWorkers):
        def submit(self, seconds: float, waiting: int, function: Any, *arguments: Any) -> Future[Any]:
            (job,) = arguments
            if b"slow" not in job.data:
                return super().submit(seconds, waiting, function, job)
            future: Future[Any] = Future()
            future.set_exception(DeadlineExceeded(seconds))
            return future

        def run_beside(self, end: float, function: Any, *arguments: Any) -> Any:
            assert released.wait(10)
            return super().run_beside(end, function, *arguments)

    world.session.workers = HangingWorkers()  # type: ignore[assignment]
    ingester = world.open_ingester()
    answers = [
        (Request(name, f"https://{name}.example/feed"), answer("new", data=build_rss(name))[1])
        for name in ("slow", "up")
    ]
    (document,) = ingester.ingest_quickly(answers)
    assert (document.request.name, document.future.done(), ingester.report.new) == ("slow", False, 1)
    released.set()
    ingester.finish_document(document)
    assert (ingester.report.new, ingester.report.troubles) == (2, [])


def test_entries_that_left_the_store_while_a_document_was_read_are_read_again(world: World) -> None:
    world.ingest_feed(build_rss("a", "b"))
    ingester = world.open_ingester()
    document = ingester._start_document(*answer("new", data=build_rss("a", "b", "c")), 0)
    assert document
    assert len(document.job.known) == 2
    world.db._connection.execute("DELETE FROM sighting WHERE item = 'id:a'")
    ingester.finish_document(document)
    assert ingester.report.new == 2
    assert world.rows("SELECT item FROM sighting ORDER BY item") == [("id:a",), ("id:b",), ("id:c",)]


def test_entries_older_than_the_last_document_are_known_too(world: World) -> None:
    world.ingest_feed(build_rss("a", "b"))
    world.ingest_feed(build_rss("c"))
    report = world.ingest_feed(build_rss("a", "c"))
    assert (report.new, report.changed) == (0, 0)


def test_pushed_content_is_a_document(world: World) -> None:
    ingester = world.open_ingester()
    ingester.ingest_pushed(REQUEST, build_rss("a"), "application/rss+xml")
    assert ingester.report.new == 1
    assert load_upstreams(world.db)["up"].reason == "sent by its hub"


def test_a_feed_with_a_hub_is_polled_rarely(world: World) -> None:
    ingester = world.open_ingester()
    busy = build_rss(
        *(
            f"<title>{n}</title><guid>{n}</guid><pubDate>Wed, 01 May 2024 11:{n}:00 GMT</pubDate>"
            for n in range(10, 59)
        )
    )
    ingester.ingest_pushed(REQUEST, busy, "")
    often = ingester.get_due("up")
    ingester.pushed = {"up"}
    ingester.ingest_pushed(REQUEST, build_rss("b"), "")
    assert ingester.get_due("up") > often


def test_a_list_is_stored_and_its_change_reported(tmp_path: Path) -> None:
    world = World(
        tmp_path, more='[[sources]]\nname = "list"\nkind = "opml"\nurl = "https://up.example/list.opml"\n'
    )
    opml = b'<opml version="2.0"><head/><body><outline type="rss" text="A" xmlUrl="https://a.example/feed"/></body></opml>'
    report = world.ingest_feed(opml, "list")
    assert (report.lists, report.troubles) == (True, [])
    assert [source.url for source in world.session.load_upstreams()[0]] == ["https://a.example/feed"]
    broken = world.ingest_feed(b"no list", "list")
    assert not broken.lists
    assert broken.troubles


def test_a_document_of_the_history_adds_only_unknown_entries(world: World) -> None:
    world.ingest_feed(build_rss("a"))
    ingester = world.open_ingester()
    seen: list[tuple[str, int]] = []

    def locate(head: object, new: int) -> str:
        seen.append((head.title, new))
        return "position"

    fetched = Fetched("new", FetchState(), "read", build_rss("a", "old"), url=REQUEST.url)
    ingester.ingest_history_document(REQUEST, fetched, locate)
    assert seen == [("Up", 1)]
    assert ingester.load_history_position("up") == "position"
    ingester.save_history_position("up", "next")
    assert ingester.load_history_position("up") == "next"
    assert world.rows("SELECT count(*) FROM sighting") == [(2,)]
    with pytest.raises(FeedUnreadable, match="is not a feed"):
        ingester.ingest_history_document(REQUEST, fetched._replace(data=b"<html/>"), locate)
