"""The upstream feeds of the configuration are printed as OPML."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rigs.memory_world import UPSTREAM, World, run_command


def test_feeds_are_exported(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run_command(World(tmp_path, more=UPSTREAM), "export") == 0
    out = capfdbinary.readouterr().out
    assert out.startswith(b"<?xml")
    assert b'xmlUrl="https://up.example/feed"' in out
