"""Poll scheduler. Due times are stored in the database; this module keeps a heap of them."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from feeds.daemon.context import DaemonContext, JobInterrupted
from feeds.errors import FeeddError, WorkersStopped
from feeds.fetcher.politeness import HostHolds
from feeds.fetcher.request import Request
from feeds.fetcher.schedule import distribute_times
from feeds.ingest import poller
from feeds.ingest.backfill import MOST_PAGES, fetch_history
from feeds.ingest.feed import FeedIngester, PollReport

if TYPE_CHECKING:
    from feeds.daemon.websub_service import WebSubService

_SPREAD = 0.1
_LONGEST_SPREAD = 300.0
_PATIENCE = 2.0
"""Seconds for running fetches at the end: a lost response must be fetched again."""
_STOP_WITHIN = 6.0
# A wake-up in the past would run at once, again and again.
_NOT_BEFORE = timedelta(milliseconds=50)
# The last second that ``datetime`` can represent, in the year 9999.
_LAST_SECOND = 253402300799


class PollScheduler:
    """Poll each upstream feed when it is due."""

    def __init__(
        self, shift: DaemonContext, wake_at: Callable[[datetime], None], pushing: WebSubService | None
    ) -> None:
        """Build a scheduler; ``wake_at`` makes the daemon call :meth:`poll_due` at a time, which replaces any earlier time."""
        self._shift, self._wake_at, self._pushing = shift, wake_at, pushing
        self._requests: dict[str, Request] = {}
        self._due: dict[str, datetime] = {}
        self._order: list[tuple[datetime, str]] = []
        """A heap of due times; entries that differ from ``_due`` are ignored."""

    async def begin(self, stack: AsyncExitStack) -> asyncio.Task[None]:
        """Load the upstream feeds and start; return the task that ingests responses, which ends only if the store fails."""
        shift = self._shift
        # The stack closes the client after everything that uses it.
        client = self._client = await stack.enter_async_context(poller.create_client(shift.config.site.url))
        self._hosts = HostHolds(await shift.run_in_store_thread(shift.session.db.load_held_hosts))
        self._ingester = FeedIngester(shift.session)
        await shift.run_in_store_thread(self._load_sources)
        self._queue = poller.PollQueue(
            self._ingester, client, self._hosts, shift.store_thread, self._handle_ingested
        )
        self._plan()
        return self._queue.draining

    async def stop(self) -> None:
        """Cancel running fetches; responses that have arrived are still ingested."""
        # The daemon may stop before the scheduler has begun.
        if not hasattr(self, "_queue"):
            return
        shift = self._shift
        try:
            await asyncio.wait_for(self._queue.stop(_PATIENCE), _STOP_WITHIN)
        except (TimeoutError, FeeddError, JobInterrupted, WorkersStopped) as error:
            shift.log("stopping", reason=str(error) or "a document was still being parsed")
        await self._save_holds()

    async def _save_holds(self) -> None:
        """Store which hosts are rate-limited, so that a restart polls no host too early."""
        if self._hosts.changed:
            self._hosts.changed = False
            shift = self._shift
            await shift.run_in_store_thread(
                shift.session.db.hold_hosts, self._hosts.list_holds(shift.clock())
            )

    async def poll_due(self) -> None:
        """Poll the feeds that are due."""
        now = self._shift.clock()
        while self._order and self._order[0][0] <= now:
            due, name = heapq.heappop(self._order)
            # Entries of earlier schedules stay in the heap; removing them would cost a search.
            if self._due.get(name) == due and name not in self._queue.under_way:
                self._queue.submit(self._requests[name])
        self._schedule()

    async def read_past(self, source: str) -> None:
        """Fetch the history of an upstream feed, back to its beginning."""
        request, shift = self._requests.get(source), self._shift
        if request is None:
            shift.log(
                "warning",
                source=source,
                error="no upstream feed of this name, so its history is not fetched",
            )
            return
        past = await fetch_history(
            self._ingester, request, self._client, self._hosts, shift.run_in_store_thread, MOST_PAGES
        )
        shift.log("backfilled", source=source, pages=past.pages, new=past.new, reason=past.reason)
        shift.wants_publishing.set()

    async def ingest_pushed(self, source: str, body: bytes, content_type: str) -> None:
        """Ingest a document that a hub has sent."""
        request = self._requests.get(source)
        # The source may have been removed since the hub was subscribed.
        if request is not None:
            ingest = self._ingester.ingest_pushed
            started = time.monotonic()
            await self._shift.run_in_store_thread(ingest, request, body, content_type)
            milliseconds = round(1000 * (time.monotonic() - started))
            self._handle_ingested(poller.IngestedBatch({source: 0}, milliseconds))

    def _plan(self) -> None:
        """Schedule each feed at its stored time; late feeds are spread, so that they are not polled all at once."""
        now = self._shift.clock()
        late = [name for name in self._requests if self._ingester.get_due(name) <= now.timestamp()]
        # After a long stop every feed is late, and one burst would be impolite to hosts of many feeds.
        over = min(_LONGEST_SPREAD, _SPREAD * len(late))
        # A reloaded list must not move feeds that are scheduled already.
        planned = {name: due for name, due in self._due.items() if due > now}
        self._due = {name: self._get_stored_due(name) for name in self._requests} | distribute_times(
            late, now, over
        )
        self._due |= {name: due for name, due in planned.items() if name in late}
        self._order = [(due, name) for name, due in self._due.items()]
        heapq.heapify(self._order)
        self._schedule()

    def _get_stored_due(self, name: str) -> datetime:
        return datetime.fromtimestamp(min(self._ingester.get_due(name), _LAST_SECOND), UTC)

    def _load_sources(self) -> None:
        """Load every upstream feed, including those of lists; in the store's thread."""
        session = self._shift.session
        upstreams, troubles = session.register_upstreams()
        self._shift.log_problems(troubles)
        sources = [*session.lists, *upstreams]
        self._ingester.set_sources(sources)
        # Built anew, so that feeds that left a list are not polled any more.
        self._requests = {source.name: source.request for source in sources if source.request}
        for source in sources:
            # A source with an unset password must not stop the others.
            if source.trouble:
                self._shift.log("warning", source=source.name, error=source.trouble)

    def _schedule(self) -> None:
        """Request a wake-up when the next feed is due."""
        if self._order:
            self._wake_at(max(self._order[0][0], self._shift.clock() + _NOT_BEFORE))

    def _handle_ingested(self, batch: poller.IngestedBatch) -> None:
        names = list(batch.statuses)
        report = self._ingester.report
        # Each report covers one transaction, so that nothing is logged twice.
        self._ingester.report = PollReport()
        for name in names:
            if name in self._requests:
                self._due[name] = self._get_stored_due(name)
                # Pushed even if an earlier entry exists; the earlier entry no longer equals `_due` and is ignored.
                heapq.heappush(self._order, (self._due[name], name))
        # Responses that arrive together are stored in one transaction, so their posts are counted together.
        which: dict[str, object] = {"sources": len(names)}
        if len(names) == 1:
            # What a hub has sent has no status.
            which = {"source": names[0], "status": batch.statuses[names[0]] or ""}
        self._shift.log("fetched", **which, new=report.new, changed=report.changed, ms=batch.milliseconds)
        self._shift.log_problems(report.troubles)
        for note in report.notes:
            self._shift.log("note", text=note)
        if report.new or report.changed or report.gone:
            self._shift.wants_publishing.set()
        if report.asked and self._pushing:
            self._shift.begin(self._follow_hubs(self._pushing))
        if self._hosts.changed:
            self._shift.begin(self._save_holds())
        if report.lists:
            self._shift.begin(self._reload_lists())
        self._schedule()

    async def _follow_hubs(self, pushing: WebSubService) -> None:
        """Subscribe to feeds that name a hub; they are still polled rarely, so that a dead hub is noticed."""
        self._ingester.pushed = await pushing.follow(self._ingester.get_heads())

    async def _reload_lists(self) -> None:
        """Load the feeds of a list that has changed, and schedule them."""
        await self._shift.run_in_store_thread(self._load_sources)
        self._plan()
