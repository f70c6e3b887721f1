"""Readings wait for those of other folders; what has to follow comes after they are stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feeds.ingest import pending_batches
from feeds.ingest.pending_batches import PendingBatches
from feeds.reports import Ingested
from feeds.storage.sightings import IngestCounts, SourceBatch
from tests.rigs.memory_world import World


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[list[SourceBatch]]:
    calls: list[list[SourceBatch]] = []

    def store(db: object, batches: list[SourceBatch]) -> IngestCounts:
        calls.append(batches)
        return IngestCounts(1, 2, 3)

    monkeypatch.setattr(pending_batches, "ingest_batches", store)
    return calls


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def build_batch(world: World, count: int = 1, **changes: object) -> SourceBatch:
    context = replace(world.session.build_context(1, early=True), **changes)
    return SourceBatch(context, [None] * count)  # type: ignore[list-item]


def test_batches_of_equal_circumstances_are_stored_together(world: World, stored: list) -> None:
    report, order = Ingested(), []
    pending = PendingBatches(world.db, report)
    one, two = build_batch(world), build_batch(world)
    pending.add(one)
    pending.then(lambda: order.append(len(stored)))
    pending.add(two)
    assert (stored, order) == ([], [])
    pending.flush()
    assert (stored, order) == ([[one, two]], [1])
    assert (report.new, report.changed, report.parted) == (1, 2, 3)
    pending.flush()
    assert (len(stored), order) == (1, [1])


@pytest.mark.parametrize(
    "changes",
    [
        {"early": False},
        {"judge": None},
        {"future": True},
        {"history": 1},
        {"rekey": True},
        {"blocked": frozenset("x")},
    ],
)
def test_other_circumstances_are_stored_apart(world: World, stored: list, changes: dict[str, object]) -> None:
    pending = PendingBatches(world.db, Ingested())
    pending.add(build_batch(world))
    pending.add(build_batch(world, **changes))
    assert len(stored) == 1
    pending.flush()
    assert len(stored) == 2


def test_many_readings_are_stored_at_once_and_an_empty_folder_has_to_wait_for_nothing(
    world: World, stored: list
) -> None:
    done: list[int] = []
    pending = PendingBatches(world.db, Ingested())
    pending.then(lambda: done.append(1))
    assert done == [1]
    pending.add(build_batch(world, 4095))
    assert stored == []
    pending.add(build_batch(world, 1))
    assert len(stored) == 1
