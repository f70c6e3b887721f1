"""Single files are replaced as a whole, by one process at a time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from feeds.output.single_files import clear_beside, lock_folder, replace_file
from tests.unit.output.test_tree import files


def test_a_single_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "new" / "file.toml"
    replace_file(target, b"one")
    replace_file(target, b"two")
    assert files(tmp_path) == {"new/file.toml": b"two"}
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "new", b"three")
    assert files(tmp_path) == {"new/file.toml": b"two"}
    (tmp_path / "new" / ".file.toml.new-1").write_bytes(b"left")
    (tmp_path / "new" / ".file.toml.newer").write_bytes(b"somebody's")
    clear_beside(target)
    assert files(tmp_path) == {"new/file.toml": b"two", "new/.file.toml.newer": b"somebody's"}


def test_one_at_a_time_changes_a_file(tmp_path: Path) -> None:
    target, order = tmp_path / "file", []

    def change(name: str) -> None:
        with lock_folder(target):
            order.append(f"{name} begins")
            time.sleep(0.05)
            order.append(f"{name} ends")

    threads = [threading.Thread(target=change, args=(name,)) for name in "ab"]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert [one.partition(" ")[2] for one in order] == ["begins", "ends"] * 2


def test_a_single_file_is_synced_before_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(
        os, "fsync", lambda one: (order.append(os.readlink(f"/proc/self/fd/{one}")), fsync(one))
    )
    monkeypatch.setattr(os, "replace", lambda *one, **at: (order.append("replace"), replace(*one, **at)))
    replace_file(tmp_path / "deep" / "er" / "file", b"x")
    assert [Path(one).name.partition(".new")[0] for one in order] == [".file", "replace", "er"]
