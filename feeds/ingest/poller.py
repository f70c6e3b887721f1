"""Asking upstreams and handing over what they say.

The network lives in an event loop (:class:`feeds.fetcher.politeness.Poller`); the store and everything that
takes time in one other thread, which gets the answers in batches (:mod:`feeds.ingest.feed`). So a long
document holds up no fetch, and the store has one user.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from feeds.config import Config, UpstreamSource
from feeds.errors import UsageError
from feeds.fetcher.feed import Fetched, Request
from feeds.fetcher.politeness import Hosts, Poller
from feeds.ingest.feed import Polled, Receiver
from feeds.run_context import Run
from feeds.storage import upstreams
from feeds.storage.records import Context
from feeds.version import __version__

if TYPE_CHECKING:
    from feeds.http import Client

_BATCH = 256
_BATCH_BYTES = 1024 * 1024
_WAITING_BYTES = 32 * 1024 * 1024
_GATHERING = 0.05
"""Seconds in which answers without a document wait for others: two threads that take turns for each of them cost more."""


def request_of(source: UpstreamSource) -> Request:
    """What is to be fetched for a source.

    Raises:
        UsageError: the variable that holds its credentials is not set.
    """
    auth = ""
    if source.auth:
        variable = source.auth.removeprefix("env:")
        auth = os.environ.get(variable, "")
        if not auth:
            raise UsageError(f"the variable {variable} of `auth` is not set in the environment; set it")
    return Request(
        name=source.name,
        url=source.url,
        group=source.group,
        allow=source.allow,
        auth=auth,
        proxy=source.proxy,
        timeout=source.timeout,
        most_bytes=source.most_bytes,
    )


def client_of(config: Config) -> Client:
    """The client that asks upstreams."""
    from feeds.http import Client, user_agent

    return Client(user_agent(__version__, config.site.url))


class Asking:
    """Asks what is submitted and hands the answers to a receiver, in the executor's thread."""

    def __init__(
        self,
        receiver: Receiver,
        client: Client,
        hosts: Hosts,
        executor: Executor,
        told: Callable[[list[str]], None] = lambda names: None,
    ) -> None:
        """``told`` is called with the names of the sources whenever the receiver has taken in a batch."""
        self._receiver = receiver
        self._executor = executor
        self._told = told
        self._clock = receiver.run.clock
        self._answers: asyncio.Queue[tuple[Request, Fetched]] = asyncio.Queue()
        self._bytes = 0
        """Of the documents that wait to be taken in."""
        self._line: deque[tuple[asyncio.Future[None], Request, Fetched]] = deque()
        """Documents for which there is no room yet, in their order."""
        self._poller = Poller(client, self._keep, clock=self._clock, hosts=hosts)
        self._draining = asyncio.create_task(self._drain())
        self.under_way: set[str] = set()
        """Names of the sources that are submitted and not taken in yet."""

    def _keep(self, request: Request, fetched: Fetched) -> Coroutine[Any, Any, None] | None:
        """Queue an answer; only a document waits while many do, for the store may be busy for long."""
        fetched = fetched._replace(at=self._clock())
        if fetched.data and self._bytes > _WAITING_BYTES:
            return self._keep_later(request, fetched)
        self._put(request, fetched)
        return None

    async def _keep_later(self, request: Request, fetched: Fetched) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._line.append((turn, request, fetched))
        await turn

    def _let_in(self) -> None:
        """Queue as many of those in line as there is room for."""
        while self._line and self._bytes <= _WAITING_BYTES:
            turn, request, fetched = self._line.popleft()
            if not turn.cancelled():
                self._put(request, fetched)
                turn.set_result(None)

    def _put(self, request: Request, fetched: Fetched) -> None:
        self._bytes += len(fetched.data)
        self._answers.put_nowait((request, fetched))

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._answers.get()]
            size = len(batch[0][1].data)
            if not size and len(self.under_way) > len(batch) + self._answers.qsize():
                await asyncio.sleep(_GATHERING)
            while not self._answers.empty() and len(batch) < _BATCH and size < _BATCH_BYTES:
                batch.append(self._answers.get_nowait())
                size += len(batch[-1][1].data)
            names = [request.name for request, _ in batch]
            try:
                await loop.run_in_executor(self._executor, self._receiver.receive, batch)
            finally:
                self.under_way.difference_update(names)
                for _ in names:
                    self._answers.task_done()
            self._bytes -= size
            self._let_in()
            self._told(names)

    @property
    def draining(self) -> asyncio.Task[None]:
        """Takes in answers; it ends only if the store fails."""
        return self._draining

    def submit(self, request: Request) -> None:
        """Ask for this when its host's turn comes."""
        self.under_way.add(request.name)
        self._poller.submit(request, self._receiver.state(request.name))

    async def finish(self) -> None:
        """Wait until everything submitted is taken in.

        Raises:
            FeeddError: taking in an answer failed.
        """
        await self._until(self._poller.finish())
        await self._until(self._answers.join())

    async def _until(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        await asyncio.wait({task, self._draining}, return_when=asyncio.FIRST_COMPLETED)
        if self._draining.done():
            task.cancel()
            self._draining.result()
        await task

    async def stop(self, patience: float = 0) -> None:
        """Break off what is in flight after ``patience`` seconds; what has been answered is still taken in."""
        await self._poller.stop(patience)
        if not self._draining.done():
            await self._until(self._answers.join())
        self._draining.cancel()


def poll_once(
    run: Run,
    sources: Sequence[UpstreamSource],
    context: Callable[[int, bool], Context],
    lists: Collection[str] = (),
) -> Polled:
    """Ask every source once that does not want to be left alone."""
    receiver = Receiver(run, context)
    receiver.know(sources, lists)
    now = int(run.clock().timestamp())
    requests = []
    for source in sources:
        if receiver.waits(source.name) and receiver.due(source.name) > now:
            continue
        try:
            requests.append(request_of(source))
        except UsageError as error:
            receiver.report.troubles.append(f"source {source.name}: {error}")

    async def ask() -> None:
        hosts = Hosts(upstreams.load_held_hosts(run.db))
        with ThreadPoolExecutor(1) as executor:
            async with client_of(run.config) as client:
                asking = Asking(receiver, client, hosts, executor)
                try:
                    for request in requests:
                        asking.submit(request)
                    await asking.finish()
                finally:
                    await asking.stop()
        upstreams.hold_hosts(run.db, hosts.holds(run.clock()))

    if requests:
        asyncio.run(ask())
    return receiver.report
