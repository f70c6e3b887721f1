"""Upstreams in the daemon: who is asked when. What is due stands in the store; here it is only in order."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from feeds import pipeline
from feeds.config import ListSource, UpstreamSource
from feeds.daemon.context import BrokenOff, Shift
from feeds.errors import FeeddError, UsageError
from feeds.fetcher.feed import Request
from feeds.fetcher.politeness import Hosts
from feeds.fetcher.schedule import spread
from feeds.ingest import poller
from feeds.ingest.backfill import MOST_PAGES, read_past
from feeds.ingest.feed import Polled, Receiver
from feeds.sources import expand, register
from feeds.storage import upstreams as stored

if TYPE_CHECKING:
    from feeds.daemon.websub_service import Pushing

_SPREAD = 0.1
_LONGEST_SPREAD = 300.0
_PATIENCE = 2.0
"""Seconds at the end for what is being asked: an answer that is lost has to be asked for again."""
_STOP_WITHIN = 6.0
_NOT_BEFORE = timedelta(milliseconds=50)
_LAST_SECOND = 253402300799  # of the year 9999


class Timetable:
    """Asks each upstream when it is due."""

    def __init__(self, shift: Shift, wake_at: Callable[[datetime], None], pushing: Pushing | None) -> None:
        """``wake_at`` has :meth:`ask` called at a time, instead of any time said before."""
        self._shift, self._wake_at, self._pushing = shift, wake_at, pushing
        self._requests: dict[str, Request] = {}
        self._due: dict[str, datetime] = {}
        self._order: list[tuple[datetime, str]] = []
        """A heap of when who is due; what no longer agrees with ``_due`` is passed over."""

    async def begin(self, stack: AsyncExitStack) -> asyncio.Task[None]:
        """Know the upstreams and plan; the task that takes in answers, which ends only if the store fails."""
        shift = self._shift
        client = self._client = await stack.enter_async_context(poller.client_of(shift.config))
        self._hosts = Hosts(await shift.in_store_thread(stored.load_held_hosts, shift.run.db))
        self._receiver = Receiver(
            shift.run, lambda number, complete: pipeline.context_of(shift.run, number, early=not complete)
        )
        await shift.in_store_thread(self._know)
        self._asking = poller.Asking(
            self._receiver, client, self._hosts, shift.store_thread, self._answers_taken
        )
        self._plan()
        return self._asking.draining

    async def stop(self) -> None:
        """Break off what is in flight; what has been answered is still taken in."""
        if not hasattr(self, "_asking"):
            return
        shift = self._shift
        try:
            await asyncio.wait_for(self._asking.stop(_PATIENCE), _STOP_WITHIN)
        except (TimeoutError, FeeddError, BrokenOff) as error:
            shift.log("stopping", reason=str(error) or "an upstream was still being read")
        await self._keep_holds()

    async def _keep_holds(self) -> None:
        """Remember who wants to be left alone, so that no restart asks too early."""
        if self._hosts.changed:
            self._hosts.changed = False
            shift = self._shift
            await shift.in_store_thread(stored.hold_hosts, shift.run.db, self._hosts.holds(shift.clock()))

    async def ask(self) -> None:
        """Ask those that are due."""
        now = self._shift.clock()
        while self._order and self._order[0][0] <= now:
            due, name = heapq.heappop(self._order)
            if self._due.get(name) == due and name not in self._asking.under_way:
                self._asking.submit(self._requests[name])
        self._schedule()

    async def read_past(self, source: str) -> None:
        """Read the past of an upstream, back to its beginning."""
        request, shift = self._requests.get(source), self._shift
        if request is None:
            shift.log("trouble", source=source, reason="no upstream of this name, so its past is not read")
            return
        past = await read_past(
            self._receiver, request, self._client, self._hosts, shift.in_store_thread, MOST_PAGES
        )
        shift.log("past", source=source, documents=past.pages, new=past.new, reason=past.reason)
        shift.wants_publishing.set()

    async def take_pushed(self, source: str, body: bytes, content_type: str) -> None:
        """A hub has sent what an upstream says now."""
        request = self._requests.get(source)
        if request is not None:
            take = self._receiver.receive_pushed
            await self._shift.in_store_thread(take, request, body, content_type)
            self._answers_taken([source])

    def _plan(self) -> None:
        """When each upstream is asked: as the store says, and those that are late spread, never all at once."""
        now = self._shift.clock()
        late = [name for name in self._requests if self._receiver.due(name) <= now.timestamp()]
        over = min(_LONGEST_SPREAD, _SPREAD * len(late))
        planned = {name: due for name, due in self._due.items() if due > now}
        self._due = {name: self._stored_due(name) for name in self._requests} | spread(late, now, over)
        self._due |= {name: due for name, due in planned.items() if name in late}
        self._order = [(due, name) for name, due in self._due.items()]
        heapq.heapify(self._order)
        self._schedule()

    def _stored_due(self, name: str) -> datetime:
        return datetime.fromtimestamp(min(self._receiver.due(name), _LAST_SECOND), UTC)

    def _know(self) -> None:
        """Know every upstream, those of lists too; in the store's thread."""
        run, config = self._shift.run, self._shift.config
        lists = [one.settings for one in config.sources if isinstance(one, ListSource) and one.url]
        every, troubles = expand(config, run.db)
        self._shift.tell_troubles(troubles)
        run.sources.update(register(run.db, config, every))
        upstreams = [one for one in every if isinstance(one, UpstreamSource)]
        self._receiver.know([*lists, *upstreams], [one.name for one in lists])
        self._requests = {}
        for source in (*lists, *upstreams):
            try:
                self._requests[source.name] = poller.request_of(source)
            except UsageError as error:
                self._shift.log("trouble", source=source.name, reason=str(error))

    def _schedule(self) -> None:
        """Wake up when the next upstream is due."""
        if self._order:
            self._wake_at(max(self._order[0][0], self._shift.clock() + _NOT_BEFORE))

    def _answers_taken(self, names: list[str]) -> None:
        report = self._receiver.report
        self._receiver.report = Polled()
        for name in names:
            if name in self._requests:
                self._due[name] = self._stored_due(name)
                heapq.heappush(self._order, (self._due[name], name))
        self._shift.log("asked", upstreams=report.asked, new=report.new, changed=report.changed)
        self._shift.tell_troubles(report.troubles)
        if report.new or report.changed or report.gone:
            self._shift.wants_publishing.set()
        if report.asked and self._pushing:
            self._shift.begin(self._follow_hubs(self._pushing))
        if self._hosts.changed:
            self._shift.begin(self._keep_holds())
        if report.lists:
            self._shift.begin(self._know_lists())
        self._schedule()

    async def _follow_hubs(self, pushing: Pushing) -> None:
        """Subscribe to upstreams that name a hub; those are polled slowly, so that a dead hub is noticed."""
        self._receiver.pushed = await pushing.follow(self._receiver.heads())

    async def _know_lists(self) -> None:
        """A list has changed: its upstreams are asked from now on."""
        await self._shift.in_store_thread(self._know)
        self._plan()
