"""Adding a feed: the addresses and the options reach the configuration, the history only if it is wanted."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from feeds.cli import backfill, subscriptions
from tests.rigs.memory_world import World, run_command


def test_feeds_are_added_and_their_history_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def add(config: object, urls: list[str], allow: list[str]) -> SimpleNamespace:
        calls.append((urls, allow))
        return SimpleNamespace(added=["one", "two"])

    monkeypatch.setattr(subscriptions, "add_feeds", add)
    monkeypatch.setattr(subscriptions, "print_added", lambda done, options: 1)
    monkeypatch.setattr(backfill, "fetch_and_print", lambda name, pages, options: calls.append((name, pages)))
    world = World(tmp_path)
    assert run_command(world, "add", "https://a.example/", "https://b.example/", "--allow", "x:1") == 1
    assert calls == [(["https://a.example/", "https://b.example/"], ["x:1"])]
    run_command(world, "add", "https://a.example/", "--backfill")
    assert calls[1:] == [(["https://a.example/"], []), ("one", 1000), ("two", 1000)]
