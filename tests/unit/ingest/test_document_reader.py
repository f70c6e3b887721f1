"""Entries that exceed the deadline are found one by one and rejected without the others."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from feeds.errors import DeadlineExceeded
from feeds.ingest.document_job import DocumentJob
from feeds.ingest.document_reader import (
    QUICK_SECONDS,
    Document,
    _divide,
    parse_document,
    start_reading,
)
from feeds.ingest.feed_items import split_document
from feeds.ingest.reading_tasks import read_document
from feeds.workers import ingest_tasks
from feeds.workers.task_types import EntrySettings, Settings
from tests.rigs.memory_world import build_rss

NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def begin() -> None:
    ingest_tasks.begin(Settings({}, (), None, 30, 100, ("atom",), "https://a.example/", "en"))


class SlowWorkers:
    """Runs tasks at once; a document with ``slow`` entries exceeds the deadline."""

    deadline = 9.0

    def __init__(self, slow: str = "", budget: float = 60.0, interrupted: str = "") -> None:
        self.slow, self.budget, self.interrupted, self.tries = slow, budget, interrupted, 0

    def run_beside(self, end: float, function: Callable[..., Any], *arguments: Any) -> Any:
        self.tries += 1
        text = "".join(arguments[0].entries)
        if self.slow and self.slow in text:
            raise DeadlineExceeded(self.deadline)
        if self.interrupted and self.interrupted in text:
            time.sleep(max(0, end - time.monotonic()))
            raise DeadlineExceeded(self.deadline / 2)
        return function(*arguments)


def build(*names: str) -> Document:
    parts = split_document(build_rss(*names), "")
    return Document(parts, "https://up.example/feed", EntrySettings("up", 0, "UTC", (), True), NOW)


def read(workers: Any, document: Document, *, tried: bool = False) -> Any:
    return parse_document(workers, document, time.monotonic() + workers.budget, tried=tried)


def list_titles(found: Any) -> list[str]:
    return [reading.sighting.title for reading in found.readings]


def test_a_document_without_slow_entries_is_parsed_at_once() -> None:
    workers = SlowWorkers()
    found, rejected, left = read(workers, build("a", "b"))
    assert list_titles(found) == ["Entry b", "Entry a"]
    assert (rejected, left, workers.tries) == ((), (), 1)


def test_a_slow_entry_is_rejected_alone() -> None:
    document = build("a", "slow", "b")
    found, rejected, left = read(SlowWorkers("slow"), document)
    assert list_titles(found) == ["Entry b", "Entry a"]
    assert [(one.digest, one.name, one.reason) for one in rejected] == [
        (document.parts.digests[1], "Entry slow", str(DeadlineExceeded(9.0)))
    ]
    assert left == ()
    assert found.head.title == "Up"


def test_the_end_of_the_budget_leaves_out_the_rest() -> None:
    workers = SlowWorkers("slow", budget=0.05, interrupted="late")
    found, rejected, left = read(workers, build("a", "slow", "late", "b"))
    assert list_titles(found) == ["Entry a"]
    assert [one.name for one in rejected] == ["Entry slow"]
    assert [(one.name, one.reason) for one in left] == [
        ("Entry late", "other entries used the 0.05 seconds for the document"),
        ("Entry b", "other entries used the 0.05 seconds for the document"),
    ]


def test_a_document_that_is_only_large_is_named_so() -> None:
    workers = SlowWorkers("", budget=0.05, interrupted="late")

    def run_beside(end: float, function: Callable[..., Any], *arguments: Any) -> Any:
        if len(arguments[1]) > 2:  # all entries together
            raise DeadlineExceeded(workers.deadline)
        return SlowWorkers.run_beside(workers, end, function, *arguments)

    workers.run_beside = run_beside  # type: ignore[method-assign]
    _, rejected, left = read(workers, build("a", "b", "late"))
    assert rejected == ()
    assert [(one.name, one.reason) for one in left] == [
        ("Entry late", "its 3 entries need more than the 0.05 seconds for the document")
    ]


def test_a_slow_head_or_a_document_that_cannot_be_split_is_refused() -> None:
    class AlwaysSlow(SlowWorkers):
        def run_beside(self, end: float, function: Callable[..., Any], *arguments: Any) -> Any:
            raise DeadlineExceeded(self.deadline)

    with pytest.raises(DeadlineExceeded):
        read(AlwaysSlow(), build("a"))


def test_many_entries_are_divided_into_parts() -> None:
    few, many = build(*map(str, range(32))), build(*map(str, range(70)))
    assert [len(part.parts.entries) for part in _divide(few)] == [1] * 32
    parts = _divide(many)
    assert [len(part.parts.entries) for part in parts] == [32, 32, 6]
    assert [digest for part in parts for digest in part.parts.digests] == list(many.parts.digests)
    assert [len(part.parts.entries) for part in _divide(build(*map(str, range(33))))] == [32, 1]


@pytest.mark.parametrize(
    ("known", "waiting", "heavy"), [(frozenset(), 3, 3), (frozenset((b"x",)), 3, 0), (frozenset(), 0, 0)]
)
def test_another_process_is_worth_it_only_for_many_documents_that_are_all_new(
    known: frozenset[bytes], waiting: int, heavy: int
) -> None:
    given: list[tuple[Any, ...]] = []

    class NotingWorkers(SlowWorkers):
        def submit(self, *arguments: Any) -> str:
            given.append(arguments)
            return "a future"

    job = DocumentJob(b"", "", "", EntrySettings("up", 0, "UTC", (), True), NOW, known)
    workers: Any = NotingWorkers()
    assert start_reading(workers, job, waiting) == "a future"
    workers.deadline = 0.01
    start_reading(workers, job, waiting)
    assert [(seconds, count, function, value) for seconds, count, function, value in given] == [
        (QUICK_SECONDS, heavy, read_document, job),
        (0.01, heavy, read_document, job),
    ]
