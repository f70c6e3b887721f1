"""Serving the output: the address is announced unless the command is quiet."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import OutputError
from feeds.server import server
from tests.rigs.memory_world import World, run_command


def test_the_address_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(tmp_path, more='[serve]\nlisten = "127.0.0.1:0"\n')
    with pytest.raises(OutputError):
        run_command(world, "serve")
    world.build()
    (tmp_path / "state").mkdir(exist_ok=True)
    monkeypatch.setattr(
        server, "run", lambda built, announce: (announce("http://x:1"), built.application.close())
    )
    assert run_command(world, "serve") == 0
    assert capsys.readouterr().out == "serving http://x:1/ (Ctrl-C stops)\n"
    run_command(world, "serve", "-q")
    assert capsys.readouterr().out == ""
