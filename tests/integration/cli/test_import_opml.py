"""The feeds of an OPML file are added to the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.config import UpstreamSource, load_config
from tests.rigs.memory_world import World, run_command

OPML = '<opml version="2.0"><head/><body><outline type="rss" text="A" xmlUrl="https://a.example/feed"/></body></opml>'


def test_feeds_are_added_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world, file = World(tmp_path), tmp_path / "list.opml"
    file.write_text(OPML)
    for _ in range(2):
        run_command(world, "import", str(file))
    found = [s for s in load_config(world.config.path).sources if isinstance(s, UpstreamSource)]
    assert [source.url for source in found] == ["https://a.example/feed"]
    assert capsys.readouterr().out
