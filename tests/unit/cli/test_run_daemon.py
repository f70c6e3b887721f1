"""Without a command the program is the daemon, with the options of the command line."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from feeds.cli import run_daemon
from feeds.cli.options import parse_command_line
from tests.rigs.memory_world import NOON


def test_the_daemon_gets_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[Any] = []

    async def serve(path: str | None, clock: Any, log: Any, jobs: int) -> None:
        served.append((path, jobs))
        assert abs((clock() - NOON).days) >= 0
        log("ready", sources=1)

    monkeypatch.setitem(sys.modules, "feeds.daemon.daemon", SimpleNamespace(serve=serve))
    monkeypatch.setattr("feeds.daemon.daemon", SimpleNamespace(serve=serve), raising=False)
    options = parse_command_line(["-c", "x.toml", "-j", "3", "--log-format", "json"])
    assert options.run is run_daemon.run
    assert options.run(options) == 0
    assert served == [("x.toml", 3)]
    assert json.loads(capsys.readouterr().err)["event"] == "ready"
