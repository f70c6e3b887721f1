"""The status of sources in words, and durations in their largest useful unit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from feeds.cli.status import describe_health, describe_source, format_duration, print_status
from feeds.daemon.status import load_status
from feeds.fetcher.feed import FetchState
from tests.rigs.memory_world import NOON, UPSTREAM, World, build_rss


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"), (89.4, "89 s"), (90, "2 min"), (5399, "90 min"), (5400, "2 h"), (172799, "48 h"), (172800, "2 days"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


def source(**upstream: Any) -> dict[str, Any]:
    values = {
        "health": "well",
        "decided_by": "rhythm",
        "last_poll": "2024-05-01T11:00:00Z",
        "next_poll": "2024-05-01T14:00:00Z",
        "reason": "why",
    }
    return {"name": "up", "configured": True, "entries": 1, "upstream": {**values, **upstream}}


@pytest.mark.parametrize(
    ("found", "health"),
    [
        (source(), "ok"),
        (source(health="failing"), "failing"),
        (source(health="failing", decided_by="retry-after"), "rate-limited"),
        (source(decided_by="retry-after"), "ok"),
        (source(health="gone"), "gone"),
        ({**source(), "configured": False}, "removed"),
        ({**source(), "upstream": None}, "ok"),
    ],
)
def test_health_in_a_word(found: dict[str, Any], health: str) -> None:
    assert describe_health(found) == health


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (source(), "1 post; fetched 60 min ago, next in 2 h (how often it posts)"),
        (
            source(decided_by="other", next_poll="2024-05-01T12:00:00Z"),
            "1 post; fetched 60 min ago, next due now (other)",
        ),
        (source(last_poll="", decided_by=""), "1 post; never fetched, next in 2 h"),
        (source(next_poll="", health="gone"), "1 post; fetched 60 min ago, not fetched any more; why"),
        (
            {
                "configured": False,
                "upstream": None,
                "last_read": "2024-05-01T11:59:00+00:00",
                "files": {"item": 1, "vanished": 2, "ignored": 0},
            },
            "1 post, 2 deleted; read 60 s ago; no longer configured, its posts are kept (see `feedd forget`)",
        ),
        (
            {"configured": True, "upstream": None, "last_read": "", "files": {"item": 0}},
            "no posts; never read",
        ),
    ],
)
def test_a_source_in_a_line(found: dict[str, Any], text: str) -> None:
    assert describe_source(found, NOON) == text


def test_the_whole_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = World(tmp_path, more=UPSTREAM)
    world.post("a", tags="[x]")
    world.post("later", date=f"{NOON + timedelta(days=3):%Y-%m-%d %H:%M:%S} +0000")
    world.build()
    world.ingest_feed(build_rss("a"), outcome="failed", reason="down", state=FetchState(failures=1))
    found = load_status(world.db, world.config)
    print_status(found, False, NOON)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok           news: 2 posts; read 0 s ago"
    assert lines[1].startswith("failing      up: 0 posts; fetched 0 s ago, next in ")
    assert lines[2:] == ["posts: 1 published, 1 scheduled", f"feeds: 2 in {found['documents']} documents"]
    print_status(found, True, NOON)
    assert "  tag/x/                                        1  x" in capsys.readouterr().out
