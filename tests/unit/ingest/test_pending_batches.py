"""Readings wait for those of other folders; what has to follow comes after they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.ingest.pending_batches import PendingBatches
from feeds.reports import Ingested
from feeds.storage.sightings import IngestCounts, SourceBatch
from tests.rigs.memory_world import World


class Items:
    """A store that keeps the batches that it gets."""

    def __init__(self) -> None:
        self.batches: list[Sequence[SourceBatch]] = []

    def ingest_batches(self, batches: Sequence[SourceBatch]) -> IngestCounts:
        self.batches.append(batches)
        return IngestCounts(1, 2, 3)


@pytest.fixture
def items() -> Items:
    return Items()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def build_batch(world: World, count: int = 1, **changes: object) -> SourceBatch:
    context = replace(world.session.build_context(1, early=True), **changes)
    return SourceBatch(context, [None] * count)  # type: ignore[list-item]


def test_batches_of_equal_circumstances_are_stored_together(world: World, items: Items) -> None:
    report, order = Ingested(), []
    pending = PendingBatches(items, report)
    one, two = build_batch(world), build_batch(world)
    pending.add(one)
    pending.then(lambda: order.append(len(items.batches)))
    pending.add(two)
    assert (items.batches, order) == ([], [])
    pending.flush()
    assert (items.batches, order) == ([[one, two]], [1])
    assert (report.new, report.changed, report.parted) == (1, 2, 3)
    pending.flush()
    assert (len(items.batches), order) == (1, [1])


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
def test_other_circumstances_are_stored_apart(world: World, items: Items, changes: dict[str, object]) -> None:
    pending = PendingBatches(items, Ingested())
    pending.add(build_batch(world))
    pending.add(build_batch(world, **changes))
    assert len(items.batches) == 1
    pending.flush()
    assert len(items.batches) == 2


def test_many_readings_are_stored_at_once_and_an_empty_folder_has_to_wait_for_nothing(
    world: World, items: Items
) -> None:
    done: list[int] = []
    pending = PendingBatches(items, Ingested())
    pending.then(lambda: done.append(1))
    assert done == [1]
    pending.add(build_batch(world, 4095))
    assert items.batches == []
    pending.add(build_batch(world, 1))
    assert len(items.batches) == 1
