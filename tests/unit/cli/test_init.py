"""A project begins with files that were not there, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.cli.init import write_project
from feeds.cli.options import parse_command_line
from feeds.config import load_config
from feeds.errors import UsageError

OPML = '<opml version="2.0"><head/><body><outline type="rss" text="A" xmlUrl="https://a.example/feed"/></body></opml>'


def run(*arguments: str) -> int:
    options = parse_command_line(["init", *arguments])
    return int(options.run(options))


def test_a_project_can_be_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path)) == 0
    out = capsys.readouterr().out
    config = tmp_path / "config" / "feedd.toml"
    assert out.startswith(f"wrote {config}\n")
    assert out.endswith(f"next: edit {config}, then run `feedd build -c {config}`\n")
    load_config(config)
    with pytest.raises(UsageError, match="already exists"):
        write_project(tmp_path)


def test_quiet_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(str(tmp_path / "a"), "-q") == 0
    assert capsys.readouterr().out == ""
    assert run(str(tmp_path / "b"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["wrote"][0].endswith("feedd.toml")


def test_a_jekyll_site_is_detected(tmp_path: Path) -> None:
    (tmp_path / "_posts").mkdir()
    (tmp_path / "_config.yml").write_text("title: My site\nurl: https://me.example\n")
    made, notes = write_project(tmp_path)
    assert "My site" in made[0].read_text()
    assert notes


def test_feeds_come_from_a_list(tmp_path: Path) -> None:
    source = tmp_path / "list.opml"
    source.write_text(OPML)
    made, _ = write_project(tmp_path / "new", source)
    assert [path.name for path in made] == ["feedd.toml"]
    assert "https://a.example/feed" in made[0].read_text()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file")
    with pytest.raises(UsageError, match="choose another folder"):
        write_project(tmp_path)
