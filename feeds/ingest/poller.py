"""Poll upstream feeds and pass the responses to the store.

The network runs in an event loop (:class:`feeds.fetcher.politeness.Poller`). The store and every slow step
run in one other thread, which gets the responses in batches (:mod:`feeds.ingest.feed`). So a long document
delays no fetch, and the store has one user.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from feeds.fetcher.feed import Fetched
from feeds.fetcher.politeness import HostHolds, Poller
from feeds.fetcher.request import Request
from feeds.ingest.document_job import StartedDocument
from feeds.ingest.feed import FeedIngester, PollReport
from feeds.session import Session
from feeds.sources import UpstreamFeed
from feeds.version import __version__

if TYPE_CHECKING:
    from feeds.http import Client

# A larger batch would lock the store for longer than other commands should wait.
_BATCH = 256
_GATHERING = 0.05
"""Seconds that a response without a document waits for others: switching threads for each of them costs more."""


def create_client(site_url: str) -> Client:
    """Create the HTTP client for upstream feeds; its ``User-Agent`` names the site."""
    from feeds.http import Client
    from feeds.http.address import build_user_agent

    return Client(build_user_agent(__version__, site_url))


class QueueLimits(NamedTuple):
    """Bytes of documents in memory."""

    batch_bytes: int = 1024 * 1024
    """Documents that are ingested together; a larger batch would lock the store for too long."""
    waiting_bytes: int = 32 * 1024 * 1024
    """Documents that wait for the store."""


_USUAL = QueueLimits()


class IngestedBatch(NamedTuple):
    """Responses that were ingested together."""

    statuses: dict[str, int]
    """HTTP status by name of the source; 0 if no response came."""
    milliseconds: int
    """How long it took to ingest them; slow documents are read before."""


class PollQueue:
    """Fetch submitted requests and pass the responses to ``ingester`` in the executor's thread."""

    def __init__(
        self,
        ingester: FeedIngester,
        client: Client,
        hosts: HostHolds,
        executor: Executor,
        on_ingested: Callable[[IngestedBatch], None] = lambda batch: None,
        limits: QueueLimits = _USUAL,
    ) -> None:
        """Build the queue; ``on_ingested`` is called after each ingested batch."""
        self._ingester, self._limits = ingester, limits
        self._executor = executor
        self._on_ingested = on_ingested
        self._clock = ingester.session.clock
        self._answers: asyncio.Queue[tuple[Request, Fetched] | StartedDocument] = asyncio.Queue()
        """Responses, and slow documents that were read."""
        self._queued_bytes = 0
        """Size of the documents that wait to be ingested."""
        self._delayed: deque[tuple[asyncio.Future[None], Request, Fetched]] = deque()
        """Documents that wait for memory, in their order."""
        self._poller = Poller(client, self._queue_response, clock=self._clock, hosts=hosts)
        self._draining = asyncio.create_task(self._drain())
        self.under_way: set[str] = set()
        """Names of the sources that are submitted and not ingested yet."""

    def _queue_response(self, request: Request, fetched: Fetched) -> Coroutine[Any, Any, None] | None:
        """Queue a response; a document waits while too many bytes are queued, because the store may be busy for long."""
        fetched = fetched._replace(at=self._clock())
        if fetched.data and self._queued_bytes > self._limits.waiting_bytes:
            return self._wait_for_memory(request, fetched)
        self._enqueue(request, fetched)
        return None

    async def _wait_for_memory(self, request: Request, fetched: Fetched) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._delayed.append((turn, request, fetched))
        await turn

    def _release_waiting(self) -> None:
        """Queue waiting documents while there is memory for them."""
        while self._delayed and self._queued_bytes <= self._limits.waiting_bytes:
            turn, request, fetched = self._delayed.popleft()
            if not turn.cancelled():
                self._enqueue(request, fetched)
                turn.set_result(None)

    def _enqueue(self, request: Request, fetched: Fetched) -> None:
        self._queued_bytes += len(fetched.data)
        # Never blocks: the memory is bounded by the bytes that are counted before.
        self._answers.put_nowait((request, fetched))

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            answers, read = await self._gather_batch()
            # The ingester empties the lists.
            statuses = {document.request.name: document.fetched.status for document in read}
            statuses |= {request.name: fetched.status for request, fetched in answers}
            names, started = [document.request.name for document in read], time.monotonic()
            size = sum(len(document.job.data) for document in read)
            sizes = {request.name: len(fetched.data) for request, fetched in answers}
            slow: list[StartedDocument] = []
            try:
                slow = await loop.run_in_executor(self._executor, self._ingest, answers, read)
            finally:
                # A slow document is under way until it is stored, and so is its memory in use.
                for document in slow:
                    del sizes[document.request.name]
                    document.future.add_done_callback(partial(self._queue_read, loop, document))
                names += sizes
                # Also after an error, or these sources would never be polled again.
                self.under_way.difference_update(names)
                for _ in [*names, *read]:
                    self._answers.task_done()
            self._queued_bytes -= size + sum(sizes.values())
            self._release_waiting()
            # All documents of a batch may be slow.
            if names:
                milliseconds = round(1000 * (time.monotonic() - started))
                self._on_ingested(IngestedBatch({name: statuses[name] for name in names}, milliseconds))

    async def _gather_batch(self) -> tuple[list[tuple[Request, Fetched]], list[StartedDocument]]:
        """Wait for responses and slow documents that were read; return many together."""
        # Batches save transactions: one response each would cost a disk flush per feed.
        answers: list[tuple[Request, Fetched]] = []
        read: list[StartedDocument] = []
        first, size = await self._answers.get(), 0
        # Gather a batch only while more responses are due: the last must not wait.
        if isinstance(first, StartedDocument):
            read.append(first)
        else:
            answers.append(first)
            size = len(first[1].data)
            if not size and len(self.under_way) > 1 + self._answers.qsize():
                await asyncio.sleep(_GATHERING)
        while not self._answers.empty() and len(answers) < _BATCH and size < self._limits.batch_bytes:
            item = self._answers.get_nowait()
            if isinstance(item, StartedDocument):
                read.append(item)
            else:
                answers.append(item)
                size += len(item[1].data)
        return answers, read

    def _ingest(
        self, answers: list[tuple[Request, Fetched]], read: list[StartedDocument]
    ) -> list[StartedDocument]:
        for document in read:
            self._ingester.finish_document(document)
        return self._ingester.ingest_quickly(answers)

    def _queue_read(self, loop: asyncio.AbstractEventLoop, document: StartedDocument, _: object) -> None:
        """Queue a slow document that was read; called in its thread."""
        # The loop may have ended before the document was read.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._answers.put_nowait, document)

    @property
    def draining(self) -> asyncio.Task[None]:
        """The task that ingests responses; it ends only if the store fails."""
        return self._draining

    def submit(self, request: Request) -> None:
        """Fetch this when its host is free."""
        self.under_way.add(request.name)
        self._poller.submit(request, self._ingester.get_state(request.name))

    async def finish(self) -> None:
        """Wait until every submitted request is ingested.

        Raises:
            FeeddError: ingesting a response failed.
        """
        await self._wait_or_fail(self._poller.finish())
        await self._wait_or_fail(self._answers.join())

    async def _wait_or_fail(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        # If ingesting fails, the queue is never empty, and waiting for it would not end.
        await asyncio.wait({task, self._draining}, return_when=asyncio.FIRST_COMPLETED)
        if self._draining.done():
            task.cancel()
            self._draining.result()
        await task

    async def stop(self, patience: float = 0) -> None:
        """Cancel running fetches after ``patience`` seconds; responses that have arrived are still ingested."""
        await self._poller.stop(patience)
        # If the store has failed, waiting for the queue would never end.
        if not self._draining.done():
            await self._wait_or_fail(self._answers.join())
        self._draining.cancel()


def poll_once(session: Session, sources: Sequence[UpstreamFeed]) -> PollReport:
    """Poll every source once, except those that must not be polled before they are due."""
    ingester = FeedIngester(session)
    ingester.set_sources(sources)
    now = int(session.clock().timestamp())
    requests = []
    for source in sources:
        # A build polls every source, except where the server demands a pause.
        if ingester.must_wait(source.name) and ingester.get_due(source.name) > now:
            continue
        if source.request:
            requests.append(source.request)
        else:
            ingester.report.troubles.append(f"source {source.name}: {source.trouble}")
    if requests:
        asyncio.run(_poll(ingester, requests))
    return ingester.report


async def _poll(ingester: FeedIngester, requests: Sequence[Request]) -> None:
    """Fetch these requests, and ingest their responses."""
    session = ingester.session
    hosts = HostHolds(session.db.load_held_hosts())
    # One thread, because the store has one user.
    with ThreadPoolExecutor(1) as executor:
        async with create_client(session.publishing.site_url) as client:
            queue = PollQueue(ingester, client, hosts, executor)
            try:
                for request in requests:
                    queue.submit(request)
                await queue.finish()
            finally:
                await queue.stop()
    # Stored, because the next run must respect the pauses too.
    session.db.hold_hosts(hosts.list_holds(session.clock()))
