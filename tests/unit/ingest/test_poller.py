"""Polling: requests with their credentials, batches of responses, and memory that is bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.errors import StoreError
from feeds.fetcher.feed import Fetched, FetchState
from feeds.fetcher.politeness import HostHolds
from feeds.fetcher.request import Request
from feeds.http import Client, Response
from feeds.ingest import poller
from feeds.ingest.document_job import DocumentJob, StartedDocument
from feeds.ingest.poller import IngestedBatch, PollQueue, QueueLimits, create_client, poll_once
from feeds.storage.upstreams import load_held_hosts
from feeds.workers.task_types import EntrySettings
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss


def test_the_client_names_the_site() -> None:
    assert "https://site.example/" in create_client("https://site.example/")._user_agent


LIMITS = QueueLimits()


class Ingester:
    """Keeps the batches; ``error`` is raised by the next."""

    def __init__(self) -> None:
        self.session = self
        self.batches: list[list[str]] = []
        self.error: Exception | None = None
        self.pause = 0.0
        self.slow: set[str] = set()
        self.futures: dict[str, Future[Any]] = {}
        self.finished: list[str] = []

    def clock(self) -> Any:
        return NOON

    def get_state(self, name: str) -> FetchState:
        return FetchState()

    def ingest_quickly(self, batch: list[tuple[Request, Fetched]]) -> list[Any]:
        self.batches.append([request.name for request, _ in batch])
        assert all(fetched.at == NOON for _, fetched in batch)
        if self.error:
            raise self.error
        slow = [answer for answer in batch if answer[0].name in self.slow]
        return [self.defer(*answer) for answer in slow]

    def defer(self, request: Request, fetched: Fetched) -> StartedDocument:
        future = self.futures[request.name] = Future()
        job = DocumentJob(fetched.data, "", "", EntrySettings("", 0, "UTC", (), True), NOON)
        return StartedDocument(request, fetched, job, future, "")

    def finish_document(self, document: StartedDocument) -> None:
        self.finished.append(document.request.name)


class Site(Client):
    def __init__(self, body: bytes = b"") -> None:
        super().__init__("test")
        self.body = body

    async def get(self, url: str, *_: Any, **__: Any) -> Response:
        return Response(200 if self.body else 500, url, (), self.body)


def run(
    work: Callable[[PollQueue, Ingester], Awaitable[None]],
    body: bytes = b"",
    limits: QueueLimits = LIMITS,
) -> tuple[Ingester, list[list[str]]]:
    ingester, told = Ingester(), []

    def add(batch: IngestedBatch) -> None:
        # Responses of a test itself have no status.
        assert set(batch.statuses.values()) in ({200 if body else 500}, {0})
        assert 0 <= batch.milliseconds < 5000
        told.append(list(batch.statuses))

    async def main() -> None:
        with ThreadPoolExecutor(1) as executor:
            queue = PollQueue(ingester, Site(body), HostHolds(), executor, add, limits)  # type: ignore[arg-type]
            try:
                async with asyncio.timeout(5):
                    await work(queue, ingester)
            finally:
                await queue.stop()

    asyncio.run(main())
    return ingester, told


def request(number: int) -> Request:
    return Request(f"s{number}", f"https://h{number}.example/", gap=0)


def test_responses_without_documents_are_gathered() -> None:
    async def work(queue: PollQueue, ingester: Ingester) -> None:
        for number in range(5):
            queue.submit(request(number))
        assert len(queue.under_way) == 5
        await queue.finish()
        assert queue.under_way == set()

    ingester, told = run(work)
    assert sorted(name for batch in ingester.batches for name in batch) == [f"s{n}" for n in range(5)]
    assert len(ingester.batches) < 5
    assert told == ingester.batches


def test_a_slow_document_is_under_way_until_it_is_stored() -> None:
    async def work(queue: PollQueue, ingester: Ingester) -> None:
        ingester.slow = {"s1"}
        for number in range(3):
            queue.submit(request(number))
        while len(ingester.futures) < 1 or len(queue.under_way) > 1:
            await asyncio.sleep(0.01)
        assert queue.under_way == {"s1"}
        assert not ingester.finished
        ingester.futures["s1"].set_result(None)
        await queue.finish()
        assert (queue.under_way, ingester.finished, queue._queued_bytes) == (set(), ["s1"], 0)

    _, told = run(work, b"x")
    assert sorted(name for names in told for name in names) == ["s0", "s1", "s2"]
    assert told[-1] == ["s1"]


def test_large_documents_wait_for_memory() -> None:
    async def work(queue: PollQueue, ingester: Ingester) -> None:
        waits = [
            queue._queue_response(request(n), Fetched("new", FetchState(), "", b"x" * 6)) for n in range(4)
        ]
        assert [wait is None for wait in waits] == [True, True, False, False]
        tasks = [asyncio.ensure_future(wait) for wait in waits if wait is not None]
        await asyncio.gather(*tasks)
        await queue._answers.join()
        await asyncio.sleep(0)
        assert queue._queued_bytes == 0
        empty = Fetched("same", FetchState(), "")
        queue._queued_bytes = 100
        assert queue._queue_response(request(9), empty) is None
        queue._queued_bytes = 0
        await queue._answers.join()

    ingester, _ = run(work, limits=QueueLimits(batch_bytes=5, waiting_bytes=10))
    assert [batch for batch in ingester.batches if batch != ["s9"]] == [["s0"], ["s1"], ["s2"], ["s3"]]


def test_a_failing_store_ends_the_polling() -> None:
    async def work(queue: PollQueue, ingester: Ingester) -> None:
        ingester.error = StoreError("full")
        queue.submit(request(1))
        with pytest.raises(StoreError, match="full"):
            await queue.finish()
        assert queue.draining.done()
        assert queue.under_way == set()

    run(work)


def test_a_build_polls_every_source_but_those_that_must_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path, more=UPSTREAM)
    monkeypatch.setattr(poller, "create_client", lambda site: Site(build_rss("a")))
    sources = world.session.register_upstreams()[0]
    assert poll_once(world.session, sources).new == 1
    assert poll_once(world.session, sources).asked == 1
    world.ingest_feed(b"", outcome="delayed", retry_after=6 * 86400, status=429, state=FetchState(failures=1))
    assert poll_once(world.session, sources).asked == 0
    world.now += timedelta(days=7)
    assert poll_once(world.session, sources).asked == 1
    missing = [replace(source, request=None, trouble="no password") for source in sources]
    assert poll_once(world.session, missing).troubles == ["source up: no password"]
    assert load_held_hosts(world.db) == {}
