"""The output tree by itself: written only if changed, never half, and nothing of others touched."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from feeds.errors import OutputError
from feeds.output import tree as write
from feeds.output.tree import JOURNAL, MANIFEST, Tree, Written


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def publish(folder: Path, documents: dict[str, bytes], known: dict[str, Written] | None = None) -> Tree:
    """One run: these are all documents."""
    tree = Tree(folder, known or {})
    tree.open()
    for path, data in documents.items():
        assert tree.put(path, data)
    tree.flush()
    for path in set(known or {}) - set(documents):
        tree.remove(path)
    tree.close({path: digest(data) for path, data in documents.items()})
    return tree


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_documents_lie_there_with_a_list_of_them_and_nothing_else(tmp_path: Path) -> None:
    documents = {"atom.xml": b"a", "tag/x/atom.xml": b"x", "empty.xml": b""}
    tree = publish(tmp_path / "deep" / "output", documents)
    there = files(tmp_path / "deep" / "output")
    assert MANIFEST == ".feedd"
    assert not Tree(tmp_path, {}).opened
    listed = there.pop(MANIFEST).decode()
    assert there == documents
    assert listed == "".join(f"{digest(data)}  {path}\n" for path, data in sorted(documents.items()))
    assert tree.written.keys() == documents.keys()
    one = (tmp_path / "deep" / "output" / "atom.xml").stat()
    assert tree.written["atom.xml"] == tree.known["atom.xml"] == Written(digest(b"a"), 1, one.st_mtime_ns)
    assert tree.opened
    assert not tree.unmanaged


def test_what_is_unchanged_is_not_written_again(tmp_path: Path) -> None:
    known = publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"}).known
    before = {name: os.stat(tmp_path / name) for name in ("a.xml", "b.xml", MANIFEST)}
    tree = publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"}, dict(known))
    assert tree.written == {}
    for name, state in before.items():
        now = os.stat(tmp_path / name)
        assert (now.st_ino, now.st_mtime_ns) == (state.st_ino, state.st_mtime_ns)
    changed = publish(tmp_path, {"a.xml": b"a", "b.xml": b"new"}, dict(known))
    assert changed.written.keys() == {"b.xml"}
    assert (tmp_path / "b.xml").read_bytes() == b"new"


def test_without_a_memory_the_same_bytes_are_taken_for_written(tmp_path: Path) -> None:
    publish(tmp_path, {"a.xml": b"a"})
    inode = os.stat(tmp_path / "a.xml").st_ino
    tree = publish(tmp_path, {"a.xml": b"a"})
    assert tree.written.keys() == {"a.xml"}, "it is remembered again"
    assert os.stat(tmp_path / "a.xml").st_ino == inode, "but not written"


def test_full_writes_even_what_is_unchanged(tmp_path: Path) -> None:
    known = publish(tmp_path, {"a.xml": b"a"}).known
    inode = os.stat(tmp_path / "a.xml").st_ino
    tree = Tree(tmp_path, dict(known), full=True)
    tree.open()
    assert tree.put("a.xml", b"a")
    tree.flush()
    assert os.stat(tmp_path / "a.xml").st_ino != inode
    assert tree.written.keys() == {"a.xml"}


def test_a_dry_run_only_counts(tmp_path: Path) -> None:
    folder = tmp_path / "output"
    tree = Tree(folder, {}, dry=True)
    tree.open()
    assert tree.put("a.xml", b"abc")
    assert tree.written == {"a.xml": Written(digest(b"abc"), 3, 0)}
    assert tree.is_published("a.xml")
    tree.flush()
    tree.close({"a.xml": digest(b"abc")})
    assert not folder.exists()
    known = publish(folder, {"a.xml": b"abc", "b.xml": b"b"}).known
    before = files(folder)
    again = Tree(folder, dict(known), dry=True)
    again.open()
    assert again.put("a.xml", b"abc")
    assert again.put("b.xml", b"changed")
    again.remove("a.xml")
    assert again.written.keys() == {"b.xml"}
    assert again.removed == ["a.xml"]
    again.close({})
    assert files(folder) == before
    unknown = Tree(folder, {}, dry=True)
    unknown.open()
    assert unknown.put("a.xml", b"abc")
    assert (unknown.written, unknown.known) == ({}, {}), "it lies there already"


@pytest.mark.parametrize("place", ["a.xml", "tag/a.xml"])
def test_a_foreign_file_stays(tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(b"mine")
    tree = Tree(tmp_path, {})
    tree.open()
    assert not tree.put(place, b"theirs")
    assert tree.unmanaged == {place: "exists and was not written by feedd"}
    assert not tree.is_published(place)
    tree.flush()
    tree.close({})
    assert (tmp_path / place).read_bytes() == b"mine"


def test_a_document_that_somebody_changed_is_foreign(tmp_path: Path) -> None:
    known = publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"}).known
    (tmp_path / "a.xml").write_bytes(b"edited by hand")
    (tmp_path / "b.xml").write_bytes(b"edited by hand")
    tree = Tree(tmp_path, dict(known))
    tree.open()
    assert not tree.is_intact("a.xml")
    assert not tree.put("a.xml", b"a")
    tree.remove("b.xml")
    assert tree.unmanaged["b.xml"] == "differs from what feedd wrote, so it is not removed"
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes() == b"edited by hand"


def test_a_document_that_was_only_touched_is_ours(tmp_path: Path) -> None:
    known = publish(tmp_path, {"a.xml": b"a"}).known
    os.utime(tmp_path / "a.xml", (1, 1))
    tree = Tree(tmp_path, dict(known))
    tree.open()
    assert not tree.is_intact("a.xml")
    assert tree.put("a.xml", b"new")
    tree.flush()
    assert (tmp_path / "a.xml").read_bytes() == b"new"


def test_what_is_remembered_is_ours_even_if_the_list_is_lost(tmp_path: Path) -> None:
    known = publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"}).known
    (tmp_path / MANIFEST).unlink()
    tree = Tree(tmp_path, dict(known))
    tree.open()
    assert tree.put("a.xml", b"new")
    tree.remove("b.xml")
    tree.flush()
    assert not tree.unmanaged
    assert (tmp_path / "a.xml").read_bytes() == b"new"
    assert not (tmp_path / "b.xml").exists()


def test_a_folder_in_the_way_is_foreign_and_so_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.xml").mkdir()
    tree = Tree(tmp_path, {})
    tree.open()
    assert not tree.put("a.xml", b"a")
    assert "is a folder that feedd did not write" in tree.unmanaged["a.xml"]
    (tmp_path / "tag").write_bytes(b"a file")
    assert not tree.put("tag/x/atom.xml", b"x")
    assert not tree.put("tag/y/atom.xml", b"y")
    assert tree.put("b.xml", b"b")
    tree.flush()
    assert tree.unmanaged.keys() == {"a.xml", "tag"}, (
        "what is in the way is named once, not for each document"
    )
    assert "is a file that feedd did not write" in tree.unmanaged["tag"]
    assert "remove it or move it away" in tree.unmanaged["tag"]
    assert not tree.is_published("tag/x/atom.xml")
    assert (tmp_path / "tag").read_bytes() == b"a file"
    assert (tmp_path / "b.xml").read_bytes() == b"b"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "x")

    monkeypatch.setattr(os, "mkdir", refuse)
    tree = Tree(tmp_path, {})
    tree.open()
    with pytest.raises(OutputError, match=rf"{tmp_path}/\.feedd-tmp: cannot be written.*untouched"):
        tree.put("a.xml", b"a")


def test_what_goes_takes_its_empty_folder_along_and_no_full_one(tmp_path: Path) -> None:
    known = publish(tmp_path, {"tag/x/a.xml": b"1", "tag/y/a.xml": b"2", "tag/y/b.xml": b"3"}).known
    (tmp_path / "tag" / "y" / "mine.txt").write_text("mine")
    tree = Tree(tmp_path, dict(known))
    tree.open()
    for path in known:
        tree.remove(path)
    assert tree.removed == list(known)
    assert tree.known == {}
    assert not (tmp_path / "tag" / "x").exists()
    assert files(tmp_path / "tag") == {"y/mine.txt": b"mine"}
    tree.remove("never/was.xml")
    assert tree.removed[-1] == "never/was.xml"
    assert not tree.unmanaged


def test_a_run_that_stopped_between_renames_is_taken_up(tmp_path: Path) -> None:
    """The journal says which new bytes are ours although no list has them yet."""
    publish(tmp_path, {"a.xml": b"old", "b.xml": b"old"})
    beside = tmp_path / ".feedd-tmp"
    beside.mkdir()
    (beside / "77-1").write_bytes(b"left")
    lines = f"{digest(b'new')}  a.xml\n{digest(b'new')}  b.xml\n{digest(b'torn')}"
    (tmp_path / JOURNAL).write_text(lines)
    (tmp_path / "a.xml").write_bytes(b"new")  # as if renamed
    (tmp_path / f".{MANIFEST}.new-77").write_text("left")
    tree = Tree(tmp_path, {})
    tree.open()
    assert not (beside / "77-1").exists()
    assert not (tmp_path / f".{MANIFEST}.new-77").exists()
    assert (tmp_path / JOURNAL).exists(), "until the end of this run it is needed"
    for name in ("a.xml", "b.xml"):
        assert tree.put(name, b"newest")
    tree.flush()
    tree.close({name: digest(b"newest") for name in ("a.xml", "b.xml")})
    assert not beside.exists()
    assert files(tmp_path).keys() == {"a.xml", "b.xml", MANIFEST}


def test_a_torn_end_of_the_journal_spoils_no_later_line(tmp_path: Path) -> None:
    """The disk was full within a line; the next run was killed before it was done: all it wrote is ours."""
    publish(tmp_path, {"a.xml": b"old"})
    (tmp_path / JOURNAL).parent.mkdir()
    (tmp_path / JOURNAL).write_text(f"{digest(b'x')}  b.x", "utf-8")
    killed = Tree(tmp_path, {})
    killed.open()
    for path in ("a.xml", "new.xml"):
        assert killed.put(path, b"new")
    killed.flush()
    after = Tree(tmp_path, {})
    after.open()
    assert all(after.put(path, b"newer") for path in ("a.xml", "new.xml"))
    assert after.unmanaged == {}


def test_before_a_rename_the_journal_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    real = os.replace

    def replace(source: str, target: str, *, src_dir_fd: int, dst_dir_fd: int) -> None:
        staging = Path(os.readlink(f"/proc/self/fd/{src_dir_fd}"))
        seen.append(((tmp_path / JOURNAL).read_text(), (staging / source).read_bytes(), target))
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", replace)
    tree = Tree(tmp_path, {})
    tree.open()
    tree.put("a.xml", b"a")
    tree.put("b.xml", b"b")
    assert seen == []
    tree.flush()
    assert [(journal.count("\n"), data, target) for journal, data, target in seen] == [
        (2, b"a", "a.xml"),
        (2, b"b", "b.xml"),
    ]


def test_many_and_large_documents_are_brought_in_by_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_BATCH_FILES", 3)
    monkeypatch.setattr(write, "_BATCH_BYTES", 100)
    tree = Tree(tmp_path, {})
    tree.open()
    tree.put("1.xml", b"1")
    tree.put("2.xml", b"2")
    assert not (tmp_path / "1.xml").exists()
    tree.put("3.xml", b"3")
    assert (tmp_path / "3.xml").exists()
    tree.put("4.xml", bytes(100))
    assert not (tmp_path / "4.xml").exists()
    tree.put("5.xml", b"5")
    assert (tmp_path / "5.xml").exists()
    assert tree.written.keys() == {f"{n}.xml" for n in range(1, 6)}


def test_few_files_are_synced_one_by_one_and_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda one: (synced.append(os.readlink(f"/proc/self/fd/{one}")), real(one))
    )
    monkeypatch.setattr(os, "sync", lambda: synced.append("all"))
    tree = Tree(tmp_path, {})
    tree.open()
    for number in range(16):
        tree.put(f"{number}.xml", b"x")
    tree.flush()
    assert "all" not in synced
    assert len(synced) == 16 + 1 + 1  # documents, journal, folder
    assert synced[-1] == str(tmp_path)
    assert synced[-2].endswith("journal")
    synced.clear()
    for number in range(17):
        tree.put(f"{number}.xml", b"y")
    tree.flush()
    assert synced.count("all") == 1
    assert len(synced) == 3


def test_the_journal_is_whole_when_it_is_synced_and_no_file_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(os.listdir("/proc/self/fd"))
    publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"})
    assert len(os.listdir("/proc/self/fd")) == before
    synced: list[str] = []

    def fsync(one: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{one}"))
        synced.append(path.read_text() if path.is_file() else "")

    monkeypatch.setattr(os, "fsync", fsync)
    tree = Tree(tmp_path, {})
    tree.open()
    tree.put("a.xml", b"new")
    tree.flush()
    assert synced == ["new", f"{digest(b'new')}  a.xml\n", ""]


@pytest.mark.parametrize("left", [b"", b"x", b"xy", b"\n", b"x\n"])
def test_what_a_run_left_of_the_journal_spoils_no_line_of_the_next(tmp_path: Path, left: bytes) -> None:
    tree = Tree(tmp_path, {})
    tree.open()
    (tmp_path / JOURNAL).parent.mkdir()
    (tmp_path / JOURNAL).write_bytes(left)
    for name in ("a.xml", "b.xml"):
        tree.put(name, b"new")
        tree.flush()
    whole = left if not left or left.endswith(b"\n") else left + b"\n"
    lines = "".join(f"{digest(b'new')}  {name}\n" for name in ("a.xml", "b.xml"))
    assert (tmp_path / JOURNAL).read_bytes() == whole + lines.encode()


def test_the_same_tree_serves_again(tmp_path: Path) -> None:
    tree = publish(tmp_path, {"a.xml": b"a"})
    assert tree.again() is tree
    assert (tree.written, tree.removed, tree.unmanaged) == ({}, [], {})
    assert tree.put("a.xml", b"b")
    tree.flush()
    tree.close({"a.xml": digest(b"b")})
    assert files(tmp_path).keys() == {"a.xml", MANIFEST}
    assert tree.is_intact("a.xml")


def test_a_list_with_odd_lines_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"a")
    (tmp_path / MANIFEST).write_bytes(b"nonsense\n\xff\xfe  x\n" + f"{digest(b'a')}  a.xml\n".encode())
    tree = Tree(tmp_path, {})
    tree.open()
    assert tree.put("a.xml", b"b")


def test_what_is_published_is_ours_and_there(tmp_path: Path) -> None:
    tree = publish(tmp_path, {"a.xml": b"a"})
    assert tree.is_published("a.xml")
    assert not tree.is_published("b.xml")
    (tmp_path / "a.xml").write_bytes(b"edited by hand")
    assert tree.put("a.xml", b"b") is False
    assert not tree.is_published("a.xml")
    fresh = Tree(tmp_path, {}, dry=True)
    fresh.open()
    assert fresh.put("new.xml", b"n")
    assert fresh.is_published("new.xml")


def test_a_link_in_the_place_of_a_document_is_not_the_document(tmp_path: Path) -> None:
    """Even if it leads to the bytes that feedd wrote: feedd writes no links, so it is somebody's."""
    folder, elsewhere = tmp_path / "output", tmp_path / "elsewhere"
    known = publish(folder, {"a.xml": b"a"}).known
    (folder / "a.xml").rename(elsewhere)
    (folder / "a.xml").symlink_to(elsewhere)
    tree = Tree(folder, dict(known))
    tree.open()
    assert not tree.is_intact("a.xml")
    assert not tree.put("a.xml", b"b")
    assert "is a symbolic link" in tree.unmanaged["a.xml"]
    tree.flush()
    tree.remove("a.xml")
    assert elsewhere.read_bytes() == b"a"
    assert (folder / "a.xml").is_symlink()


def test_what_this_process_wrote_is_ours_and_what_it_removed_is_not(tmp_path: Path) -> None:
    tree = publish(tmp_path, {"a.xml": b"a", "b.xml": b"b"}).again()
    os.utime(tmp_path / "a.xml", (1, 1))
    assert tree.put("a.xml", b"new")
    tree.flush()
    os.utime(tmp_path / "a.xml", (2, 2))
    assert tree.put("a.xml", b"newer")
    tree.flush()
    assert (tmp_path / "a.xml").read_bytes() == b"newer"
    tree.remove("b.xml")
    (tmp_path / "b.xml").write_bytes(b"b")
    assert not tree.put("b.xml", b"again"), "somebody put it back: it is theirs"


def test_only_a_regular_file_as_it_was_written_is_intact(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    tree = publish(folder, {"a.xml": b"a", "tags/x.xml": b"x"})
    assert tree.is_intact("a.xml")
    assert tree.is_intact("tags/x.xml")
    assert not tree.is_intact("b.xml")
    assert tree.is_up_to_date("b.xml")
    (folder / "b.xml").touch()
    assert not tree.is_up_to_date("b.xml")
    (folder / "a.xml").unlink()
    assert not tree.is_intact("a.xml")
    # The folder was replaced by a link to the same files.
    (folder / "tags").rename(tmp_path / "elsewhere")
    (folder / "tags").symlink_to(tmp_path / "elsewhere")
    assert not Tree(folder, tree.known).is_intact("tags/x.xml")
