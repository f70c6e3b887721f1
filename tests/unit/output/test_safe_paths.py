"""Files below a folder are read and written without following a link."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from feeds.output.safe_paths import Blocked, SafeFolder, is_inside


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("atom.xml", True),
        ("tag/a/atom.xml", True),
        ("a" * 255, True),
        ("a" * 256, False),
        ("茶" * 85, True),
        ("茶" * 86, False),
        ("", False),
        ("/etc/passwd", False),
        ("a//b", False),
        ("a/", False),
        ("a/../b", False),
        ("./a", False),
        ("...", True),
        ("a\nb", False),
        ("a\0b", False),
    ],
)
def test_a_path_stays_below_its_folder(path: str, inside: bool) -> None:
    assert is_inside(path) is inside


def test_a_file_is_created_read_renamed_and_removed(tmp_path: Path) -> None:
    with SafeFolder(tmp_path) as below:
        below.create("a", b"bytes")
        assert below.read("a") == b"bytes"
        assert below.digest("a") == hashlib.sha256(b"bytes").hexdigest()
        assert below.is_file("a")
        assert below.status("a").st_size == 5
        below.sync("a")
        below.rename("a", "x/y/b")
        below.sync("x/y")
        assert (tmp_path / "x/y/b").read_bytes() == b"bytes"
        assert below.names("x/y") == ["b"]
        below.remove_folder("x/y")
        assert below.is_folder("x/y"), "it is not empty"
        below.remove("x/y/b")
        assert not below.is_file("x/y/b")
    with SafeFolder(tmp_path) as below:
        below.remove_folder("x/y")
        assert not (tmp_path / "x/y").exists()
        assert (tmp_path / "x").exists()


def test_what_is_not_there(tmp_path: Path) -> None:
    with SafeFolder(tmp_path) as below:
        assert below.status("no/file") is None
        assert not below.is_file("file")
        assert not below.is_folder("folder")
        assert below.names("folder") == []
        with pytest.raises(FileNotFoundError) as caught:
            below.read("file")
        assert caught.value.filename == str(tmp_path / "file")


def test_a_new_file_never_replaces_anything(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "missing")
    with SafeFolder(tmp_path) as below:
        for name in ("there", "link"):
            with pytest.raises(OSError, match=name):
                below.create(name, b"other")
    assert (tmp_path / "there").read_bytes() == b"mine"
    assert not (tmp_path / "missing").exists()


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    with SafeFolder(root) as below:
        for attempt in (
            lambda: below.read("folder/secret"),
            lambda: below.create("folder/new", b"x"),
            lambda: below.read("file"),
            lambda: below.digest("file"),
            lambda: below.append("file", b"x\n"),
            lambda: below.is_file("file"),
            lambda: below.is_folder("folder"),
        ):
            with pytest.raises(Blocked) as caught:
                attempt()
            assert "is a symbolic link" in caught.value.reason
        below.remove("file")
    assert sorted(path.name for path in outside.iterdir()) == ["secret"]
    assert (outside / "secret").read_bytes() == b"secret"


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    with SafeFolder(tmp_path) as below:
        for attempt, kind in (
            (lambda: below.read("folder"), "is a folder"),
            (lambda: below.is_file("folder"), "is a folder"),
            (lambda: below.read("pipe"), "is a special file"),
            (lambda: below.folder("file"), "is a file"),
        ):
            with pytest.raises(Blocked) as caught:
                attempt()
            assert kind in caught.value.reason


def test_lines_are_appended_after_the_end_of_a_torn_line(tmp_path: Path) -> None:
    with SafeFolder(tmp_path) as below:
        below.append("log", b"one\n")
        below.append("log", b"two\n")
        assert below.read("log") == b"one\ntwo\n"
        (tmp_path / "log").write_bytes(b"torn")
        below.append("log", b"three\n")
        assert below.read("log") == b"torn\nthree\n"


def test_every_folder_is_closed(tmp_path: Path) -> None:
    with SafeFolder(tmp_path) as below:
        descriptor = below.folder("a/b", create=True)
        assert below.folder("a/b") == descriptor
        assert os.fstat(descriptor)
    with pytest.raises(OSError, match="descriptor") as caught:
        os.fstat(descriptor)
    assert caught.value.errno == errno.EBADF


def test_a_missing_folder_is_created_only_on_demand(tmp_path: Path) -> None:
    with SafeFolder(tmp_path) as below:
        with pytest.raises(FileNotFoundError):
            below.folder("new")
        below.folder("new", create=True)
        assert (tmp_path / "new").is_dir()
