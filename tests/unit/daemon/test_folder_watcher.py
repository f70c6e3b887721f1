"""What the watcher of folders reads, and what it logs of it."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
from pathlib import Path

import pytest

from feeds.daemon.context import DaemonContext
from feeds.daemon.event_log import EventLog
from feeds.daemon.folder_watcher import FolderWatcher, _identify_folder, _make_relative
from tests.rigs.memory_world import NOON, World


class Watched:
    def __init__(self, folder: Path) -> None:
        self.world = World(folder)
        self.out = io.StringIO()
        self.context = DaemonContext(self.world.config, lambda: NOON, EventLog(lambda: NOON, out=self.out))
        self.context.session = self.world.session
        self.watcher = FolderWatcher(self.context)

    def read(self, *paths: str) -> list[str]:
        self.watcher._read(self.world.session.folders[0], frozenset(paths))
        return self.list_lines()

    def list_lines(self) -> list[str]:
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        # How long a folder takes to read differs from run to run.
        return [re.sub(r"(?<= ms=)\d+$", "…", line.split(" ", 1)[1]) for line in text.splitlines()]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    async def build() -> Watched:
        return Watched(tmp_path)

    return asyncio.run(build())


def test_changed_files_are_read_and_logged(watched: Watched) -> None:
    world = watched.world
    world.post("a")
    world.post("b")
    assert watched.read("a.md") == ["read source=news new=1 changed=0 repaired=0 ms=…"]
    assert watched.read("b.md")
    assert watched.read("a.md") == []
    world.post("a", "Another")
    world.publish()
    assert watched.read("a.md") == ["read source=news new=0 changed=1 repaired=0 ms=…"]
    (world.posts / "a.md").unlink()
    (world.posts / "bad.md").write_text("---\ntitle: T\nexpiryDate: never\n---\n")
    lines = watched.read("a.md", "bad.md")
    assert lines[0] == "gone source=news posts=1"
    assert lines[1].startswith("rejected source=news file=bad.md reason=")


def test_a_changed_folder_is_scanned(watched: Watched) -> None:
    world = watched.world
    (world.posts / "sub").mkdir()
    world.post("a")
    assert watched.read("sub") == ["read source=news new=1 changed=0 repaired=0 ms=…"]
    shutil.rmtree(world.posts)
    (line,) = watched.read("a.md")
    assert line.startswith("warning source=news error=")


def test_removals_that_are_accepted(watched: Watched) -> None:
    world = watched.world
    world.post("a")
    watched.watcher.read_everything()
    world.publish()
    (world.posts / "a.md").unlink()
    watched.list_lines()
    watched.watcher.read_everything()
    assert watched.list_lines()[0].startswith("warning source=news")
    watched.watcher.read_everything(allow_removals=True)
    assert watched.list_lines() == ["gone posts=1"]
    assert world.session.most_removals is not None


def test_a_folder_is_identified_by_what_it_is(tmp_path: Path) -> None:
    folder, link = tmp_path / "a", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    found = _identify_folder(folder)
    assert found is not None
    assert found[0] == str(folder)
    assert _identify_folder(link) == found
    assert _identify_folder(tmp_path / "missing") is None
    (tmp_path / "file").touch()
    assert _identify_folder(tmp_path / "file") is None
    folder.rename(tmp_path / "b")
    folder.mkdir()
    assert _identify_folder(folder) != found


def test_paths_of_the_watcher_become_relative() -> None:
    root = Path("/link/posts")
    assert _make_relative(root, "/real/posts", "/link/posts/a/b.md") == "a/b.md"
    assert _make_relative(root, "/real/posts", "/real/posts/a.md") == "a.md"
    assert _make_relative(root, "/real/posts", "/other/a.md") == "/other/a.md"
    assert _make_relative(root, "/real/posts", "/real/postsx/a.md") == "/real/postsx/a.md"
