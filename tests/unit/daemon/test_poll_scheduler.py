"""When feeds are polled, and what is logged of their responses."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.daemon.context import DaemonContext
from feeds.daemon.event_log import EventLog
from feeds.daemon.poll_scheduler import PollScheduler
from feeds.fetcher.feed import Fetched
from feeds.fetcher.politeness import HostHolds
from feeds.ingest.poller import IngestedBatch
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss

SECOND = "\n" + UPSTREAM.replace('"up"', '"second"').replace("up.example", "second.example")


class Queue:
    """Keeps the names of what is submitted."""

    def __init__(self) -> None:
        self.under_way: set[str] = set()
        self.submitted: list[str] = []

    def submit(self, request: Any) -> None:
        self.submitted.append(request.name)


class Scheduled:
    """A scheduler of two feeds whose responses come from the test."""

    def __init__(self, folder: Path) -> None:
        self.world = World(folder, more=UPSTREAM + SECOND)
        self.out = io.StringIO()
        log = EventLog(lambda: self.world.now, out=self.out)
        self.context = DaemonContext(self.world.config, lambda: self.world.now, log)
        self.context.session = self.world.session
        self.wakes: list[datetime] = []
        self.scheduler = PollScheduler(self.context, self.wakes.append, None)
        self.queue = Queue()
        self.begun: list[str] = []

        def begin(work: Any) -> None:
            self.begun.append(work.__name__)
            work.close()

        self.context.begin = begin  # type: ignore[method-assign]
        self.scheduler._ingester = self.world.open_ingester()
        self.scheduler._hosts = HostHolds()
        self.scheduler._queue = self.queue  # type: ignore[assignment]
        self.scheduler._load_sources()
        self.scheduler._plan()

    @property
    def lines(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.out.getvalue().splitlines()]

    def ingest(self, name: str, *items: str) -> None:
        """Ingest a document, as the queue does."""
        ingester = self.scheduler._ingester
        state = ingester.get_state(name)
        body = build_rss(*items)
        url = f"https://{name}.example/feed"
        fetched = Fetched("new", state, "read", body, "application/rss+xml", url, 200)
        ingester.ingest_responses([(self.scheduler._requests[name], fetched._replace(at=self.world.now))])


def run(folder: Path, work: Callable[[Scheduled], None]) -> None:
    async def main() -> None:
        work(Scheduled(folder))

    asyncio.run(main())


def test_late_feeds_are_spread_and_polled_when_they_are_due(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        due = scheduled.scheduler._due
        assert set(due) == {"up", "second"}
        assert all(NOON <= when <= NOON + timedelta(seconds=0.2) for when in due.values())
        assert len(set(due.values())) == 2
        # A wake-up in the past would run at once, again and again.
        assert scheduled.wakes == [max(min(due.values()), NOON + timedelta(milliseconds=50))]
        scheduled.world.now = NOON + timedelta(seconds=1)
        poll(scheduled)
        assert sorted(scheduled.queue.submitted) == ["second", "up"]
        poll(scheduled)
        assert len(scheduled.queue.submitted) == 2

    run(tmp_path, work)


def poll(scheduled: Scheduled) -> None:
    """Run the part of the daemon that never waits."""
    with pytest.raises(StopIteration):
        scheduled.scheduler.poll_due().send(None)


def test_a_feed_that_is_under_way_is_not_submitted_again(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        scheduled.queue.under_way = {"up"}
        scheduled.world.now = NOON + timedelta(seconds=1)
        poll(scheduled)
        assert scheduled.queue.submitted == ["second"]

    run(tmp_path, work)


def test_a_response_is_logged_with_status_and_time_and_the_feed_is_scheduled_again(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        scheduled.ingest("up", "a", "b")
        scheduled.scheduler._handle_ingested(IngestedBatch({"up": 200}, 7))
        assert scheduled.lines == ["fetched source=up status=200 new=2 changed=0 ms=7"]
        assert scheduled.context.wants_publishing.is_set()
        assert scheduled.scheduler._due["up"] > NOON + timedelta(minutes=1)
        assert scheduled.begun == []
        scheduled.world.now = NOON + timedelta(seconds=1)
        poll(scheduled)
        # The earlier time of the feed is still in the heap, and ignored.
        assert scheduled.queue.submitted == ["second"]

    run(tmp_path, work)


def test_responses_without_news_are_logged_together(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        scheduled.scheduler._ingester.report.troubles.append("source up: HTTP 500")
        scheduled.scheduler._ingester.report.notes.append("a note")
        scheduled.scheduler._handle_ingested(IngestedBatch({"up": 500, "second": 0, "removed": 200}, 3))
        assert scheduled.lines == [
            "fetched sources=3 new=0 changed=0 ms=3",
            'warning source=up error="HTTP 500"',
            'note text="a note"',
        ]
        assert not scheduled.context.wants_publishing.is_set()
        assert scheduled.scheduler._ingester.report.troubles == []

    run(tmp_path, work)


def test_changed_holds_and_lists_are_stored_and_loaded(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        scheduled.scheduler._hosts.changed = True
        scheduled.scheduler._ingester.report.lists = True
        scheduled.scheduler._handle_ingested(IngestedBatch({"up": 0}, 3))
        assert scheduled.lines == ["fetched source=up new=0 changed=0 ms=3"]
        assert scheduled.begun == ["_save_holds", "_reload_lists"]

    run(tmp_path, work)


def test_a_reloaded_list_moves_no_feed_that_is_scheduled(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        before = dict(scheduled.scheduler._due)
        scheduled.world.now = NOON - timedelta(seconds=1)
        scheduled.scheduler._plan()
        assert scheduled.scheduler._due == before

    run(tmp_path, work)


def test_a_time_after_the_last_year_is_the_last_second(tmp_path: Path) -> None:
    def work(scheduled: Scheduled) -> None:
        class Late:
            def get_due(self, name: str) -> int:
                return 10**12

        scheduled.scheduler._ingester = Late()  # type: ignore[assignment]
        assert scheduled.scheduler._get_stored_due("up").year == 9999

    run(tmp_path, work)
