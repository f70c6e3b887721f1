"""What the tests share: a project in a folder, the program as a subprocess, the shared data."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from feeds.workers import process_pool
from tests.rigs.examples import QUICK
from tests.rigs.program import build_worker_starter, run_program

settings.register_profile(QUICK, max_examples=10, deadline=None)

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"

MEMORY = Path("/dev/shm")
_ENOUGH = 2 << 30

CONFIG = """\
[site]
title = "Test site"
url = "https://site.example/feeds/"
language = "zh-CN"
timezone = "Asia/Shanghai"
[output]
dir = "output"
entries = {entries}
[store]
url = "state/feedd.db"
[[sources]]
name = "news"
path = "{path}"
[[identity]]
name = "infoCode"
pattern = '(?:infoCode=(?:NW)?|/(?:a/|news/\\d+,))(?P<key>(?P<date>\\d{{8}})\\d{{7,}})'
"""


def pytest_configure() -> None:
    """Temporary files lie in memory where there is room: the tests sync thousands of times. ``TMPDIR`` says otherwise."""
    if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > _ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


class Project:
    """A configuration, a folder of posts and what feedd made of them."""

    def __init__(self, folder: Path, entries: int = 50, posts: Path | None = None) -> None:
        self.folder = folder
        self.posts = posts or folder / "site" / "_posts"
        self.posts.mkdir(parents=True, exist_ok=True)
        self.output = folder / "output"
        self.config = folder / "feedd.toml"
        source = posts.parent if posts else folder / "site"
        self.config.write_text(CONFIG.format(entries=entries, path=source), "utf-8")

    def post(self, name: str, title: str = "A post", body: str = "Some text.", **values: str) -> Path:
        lines = {
            "title": f'"{title}"',
            "date": "2024-01-02 03:04:05",
            "categories": "news",
            "tags": "tag",
            **values,
        }
        header = "".join(f"{key}: {value}\n" for key, value in lines.items())
        path = self.posts / name
        path.write_text(f"---\n{header}---\n{body}\n", "utf-8")
        return path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return feedd(*arguments, "-c", str(self.config))

    def snapshot(self) -> dict[str, tuple[int, bytes]]:
        return {
            str(path.relative_to(self.output)): (path.stat().st_mtime_ns, path.read_bytes())
            for path in sorted(self.output.rglob("*"))
            if path.is_file()
        }

    def bytes(self) -> dict[str, bytes]:
        return {name: data for name, (_, data) in self.snapshot().items()}

    def ledger(self) -> str:
        """The text of the ledger."""
        return (self.folder / "state" / "ledger.jsonl").read_text("utf-8")

    def set(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self.config.read_text("utf-8")
        assert old in text, old
        self.config.write_text(text.replace(old, new), "utf-8")


def feedd(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program to its end."""
    return run_program(arguments)


@pytest.fixture(autouse=True)
def fork_workers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let builds in this process fork their workers: a hundred short builds would start a hundred interpreters."""
    if not request.node.path.is_relative_to(ROOT / "tests" / "unit"):
        monkeypatch.setattr(process_pool, "subprocess", build_worker_starter())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared data is not beside this checkout")
    return SHARED
