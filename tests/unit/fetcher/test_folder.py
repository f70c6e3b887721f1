"""Post files of a folder: which count, which changed, and which links are followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from feeds.errors import UsageError
from feeds.fetcher import folder
from feeds.fetcher.folder import (
    compare_files,
    compute_digest,
    is_jekyll,
    match_renames,
    read,
    read_inside,
    scan,
    scan_paths,
)
from feeds.protocols import FileState


def write(root: Path, path: str, text: str = "x") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def list_paths(root: Path, jekyll: bool = False) -> list[str]:
    return [path for path, _, _ in scan(root, jekyll, []).changed]


def test_post_files_in_order(tmp_path: Path) -> None:
    for path in (
        "b.md",
        "a/c.HTML",
        "a/d.markdown",
        "e.txt",
        ".hidden/f.md",
        "_site/g.md",
        "node_modules/h.md",
        "_posts/i.md",
    ):
        write(tmp_path, path)
    (tmp_path / "folder.md").mkdir()
    write(tmp_path, "folder.md/j.md")
    (tmp_path / "linked").symlink_to(tmp_path / "a")
    assert list_paths(tmp_path) == ["_posts/i.md", "a/c.HTML", "a/d.markdown", "b.md", "folder.md/j.md"]


def test_a_jekyll_tree_has_posts_in_their_folders_alone(tmp_path: Path) -> None:
    assert not is_jekyll(tmp_path)
    write(tmp_path, "_config.yml")
    assert is_jekyll(tmp_path)
    for path in ("about.md", "_posts/a.md", "news/_drafts/sub/b.md"):
        write(tmp_path, path)
    assert list_paths(tmp_path, jekyll=True) == ["_posts/a.md", "news/_drafts/sub/b.md"]
    assert list_paths(tmp_path / "_posts", jekyll=True) == ["a.md"]


def test_links_lead_only_to_files_inside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    inside, outside = write(root, "a.md", "inside"), write(tmp_path, "out.md", "outside")
    (root / "in.md").symlink_to(inside)
    (root / "out.md").symlink_to(outside)
    (root / "lost.md").symlink_to(root / "missing")
    os.mkfifo(tmp_path / "pipe")
    (root / "pipe.md").symlink_to(tmp_path / "pipe")
    assert list_paths(root) == ["a.md", "in.md", "lost.md", "out.md"]
    assert read(root, "in.md") == b"inside"
    with pytest.raises(OSError, match="leads outside the folder"):
        read(root, "out.md")
    with pytest.raises(OSError, match="leads outside"):
        read(root, "pipe.md")
    assert read_inside(root, "a.md") == b"inside"
    for path in ("../out.md", "out.md", "a\0.md"):
        with pytest.raises(OSError, match="not a file of this folder"):
            read_inside(root, path)


def test_differences_to_what_is_known(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    write(tmp_path, "b.md")
    known = scan(tmp_path, False, []).changed
    same = scan(tmp_path, False, known)
    assert (same.changed, same.unchanged, same.vanished) == ((), 2, ())
    assert len(scan(tmp_path, False, known, everything=True).changed) == 2
    write(tmp_path, "b.md", "longer")
    (tmp_path / "a.md").unlink()
    found = scan(tmp_path, False, known)
    assert ([path for path, _, _ in found.changed], found.unchanged, found.vanished) == (
        ["b.md"],
        0,
        ("a.md",),
    )


@pytest.mark.parametrize(
    ("found", "known", "changed", "vanished"),
    [
        ("abc", "abc", "", ""),
        ("abc", "", "abc", ""),
        ("", "abc", "", "abc"),
        ("abXcd", "abcd", "X", ""),
        ("abcd", "abXcd", "", "X"),
        ("aXbYc", "abZc", "XY", "Z"),
    ],
)
def test_lists_are_compared_by_their_middle(found: str, known: str, changed: str, vanished: str) -> None:
    def stamps(names: str) -> list[tuple[str, int, int]]:
        return [(name, 1, 2) for name in names]

    assert compare_files(stamps(found), stamps(known)) == (sorted(stamps(changed)), tuple(sorted(vanished)))


def test_only_named_paths_are_looked_at(tmp_path: Path) -> None:
    for path in ("a.md", "b.md", ".hidden/c.md", "d.txt"):
        write(tmp_path, path)
    size, mtime = (tmp_path / "a.md").stat().st_size, (tmp_path / "a.md").stat().st_mtime_ns

    def state(size: int, mtime: int, vanished: bool = False) -> FileState:
        return FileState(size, mtime, b"", 1, vanished, "item")

    known = {"a.md": state(size, mtime), "gone.md": state(1, 1), "before.md": state(1, 1, True)}
    paths = ["a.md", "b.md", ".hidden/c.md", "d.txt", "gone.md", "before.md", "new.md"]
    found = scan_paths(tmp_path, False, paths, known)
    assert ([path for path, _, _ in found.changed], found.vanished) == (["b.md"], ("gone.md",))
    for changed in (state(size + 1, mtime), state(size, mtime + 1), state(size, mtime, True)):
        assert [p for p, _, _ in scan_paths(tmp_path, False, ["a.md"], {"a.md": changed}).changed] == ["a.md"]
    assert scan_paths(tmp_path, True, ["a.md"], {}).changed == ()


def test_missing_and_unreadable_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        scan(tmp_path / "missing", False, [])
    with pytest.raises(UsageError, match="no such folder"):
        scan_paths(write(tmp_path, "file"), False, [], {})
    write(tmp_path, "a.md")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "x")

    monkeypatch.setattr(folder, "_open_folder", refuse)
    with pytest.raises(UsageError, match=r"cannot be read \(Permission denied\)"):
        scan(tmp_path, False, [])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.md", "wb"):
        pass
    write(tmp_path, "新.md")
    assert list_paths(tmp_path) == ["\\xff.md", "新.md"]
    with pytest.raises(OSError, match="not in UTF-8"):
        read(tmp_path, "\\xff.md")
    with pytest.raises(FileNotFoundError):
        read(tmp_path, "missing.md")


def test_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.md", "12345")
    monkeypatch.setattr(folder, "_LARGEST", 5)
    assert read(tmp_path, "a.md") == b"12345"
    monkeypatch.setattr(folder, "_LARGEST", 4)
    with pytest.raises(OSError, match="larger than 16 MiB"):
        read(tmp_path, "a.md")


def test_renamed_files_are_found_by_their_bytes() -> None:
    assert compute_digest(b"x") == compute_digest(b"x")
    assert len(compute_digest(b"x")) == 16
    vanished = {"a": b"1", "b": b"1", "c": b"2"}
    assert match_renames(vanished, {"y": b"1", "x": b"1", "z": b"1", "w": b"3"}) == {"x": "a", "y": "b"}
