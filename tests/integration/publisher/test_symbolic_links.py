"""A symbolic link anywhere below the output is somebody's: nothing is written, removed or read through it."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from feeds import api, load_config
from feeds.api import BuildReport
from feeds.errors import OutputError
from feeds.output.safe_paths import Blocked, SafeFolder, is_inside
from feeds.output.tree import Tree
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Running

MORE = """
[aliases]
"old/feed.xml" = "atom.xml"
[serve]
listen = "127.0.0.1:0"
precompress = true
"""


@pytest.fixture
def site(project: Project) -> Project:
    """Feeds with archives, an old address and compressed forms."""
    project.config.write_text(project.config.read_text("utf-8") + MORE, "utf-8")
    project.set("entries = 50", "entries = 2")
    for number in range(1, 8):
        body = f"Some longer text, number {number}. " * 40
        project.post(f"2024-01-0{number}-p.md", f"Post {number}", body, tags=f"t{number % 2}")
    return project


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with files of somebody else, some of them under names that feedd uses too."""
    folder = tmp_path / "others"
    for name in ("letter.txt", "123-1", "journal", "atom.xml", "index.html", "1.atom.xml", "x/atom.xml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"mine: {name}")
    return folder


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Each file below a folder with its bytes and the time of its change."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def build(site: Project) -> BuildReport:
    """A build in this process."""
    return api.build(load_config(site.config), jobs=1)


def held(site: Project) -> dict[str, str]:
    """What a build holds back, with the reasons; it publishes all else and would exit 1."""
    report = build(site)
    assert report.compute_exit_code() == 1
    return {one["path"]: one["reason"] for one in report.held}


def published(site: Project) -> None:
    """Build with nothing held back."""
    assert build(site).compute_exit_code() == 0


def feed_of(path: str) -> list[str]:
    """The folder of the feed that a document belongs to; what names a document is held back with it."""
    parts = path.split("/")
    if parts[0] in ("category", "tag"):
        return parts[:2]
    return [] if path.startswith("archive") or path == "atom.xml" else parts


PLACES = [
    ".feedd",
    ".feedd-tmp",
    ".feedd-tmp/journal",
    "archive",
    "archive/1.atom.xml",
    "assets",
    "atom.xml",
    "atom.xml.gz",
    "category",
    "category/news",
    "category/news/archive",
    "index.html",
    "old",
    "tag",
    "tag/t1",
    "tag/t1/atom.xml",
]


FURTHER = [
    (place, kind)
    for place in (".feedd", ".feedd-tmp", ".feedd-tmp/journal", "archive", "atom.xml", "category", "tag/t1")
    for kind in ("file", "nowhere")
]


@pytest.mark.parametrize(("place", "kind"), [*((place, "folder") for place in PLACES), *FURTHER])
def test_a_link_that_was_there_first_is_named_and_all_else_is_published(
    site: Project, others: Path, place: str, kind: str
) -> None:
    target = {"folder": others, "file": others / "letter.txt", "nowhere": others / "nothing"}[kind]
    before = everything(others)
    link = site.output / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    found = held(site)
    assert "is a symbolic link" in found[place]
    assert "remove it" in found[place]
    assert everything(others) == before
    assert not (others / "nothing").exists()
    assert link.readlink() == target
    assert place in held(site), "it is named until it is gone"
    assert everything(others) == before
    there = site.bytes()
    link.unlink()
    published(site)
    whole = site.bytes()
    for path in whole.keys() - there.keys():
        assert path.startswith(place) or feed_of(path) == feed_of(place), (
            "only what lies at the link or names it"
        )
    assert not list(site.output.glob(".feedd-tmp*"))


@pytest.mark.parametrize("place", PLACES)
def test_a_link_to_what_feedd_wrote_itself_is_no_longer_feedds(
    site: Project, tmp_path: Path, place: str
) -> None:
    """The worst case: what is moved away has the very bytes and times that the store remembers."""
    published(site)
    link, elsewhere = site.output / place, tmp_path / "moved"
    if not link.exists():  # the folder for what is under way is there only in a run
        link.parent.mkdir(exist_ok=True)
        shutil.copytree(site.output, elsewhere)
    else:
        link.rename(elsewhere)
    link.symlink_to(elsewhere)
    holder = tmp_path / "all"
    holder.mkdir()
    elsewhere.rename(holder / "moved")
    link.unlink()
    link.symlink_to(holder / "moved")
    before = everything(holder)
    for path in sorted(site.posts.iterdir())[:3]:
        path.unlink()
    site.post("2024-02-01-new.md", "Newer", tags="t1, fresh")
    for name in ("2024-01-05-p.md", "2024-01-07-p.md"):
        (site.posts / name).unlink()
    found = held(site)
    assert everything(holder) == before
    assert "is a symbolic link" in found[place]
    assert link.is_symlink()


@pytest.mark.parametrize("place", [".feedd-tmp", "category", "tag/t1/atom.xml"])
def test_the_program_says_what_is_in_the_way(site: Project, others: Path, place: str) -> None:
    before = everything(others)
    link = site.output / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(others)
    done = site.run("build")
    assert done.returncode == 1
    told = [
        line
        for line in done.stderr.splitlines()
        if line.startswith(f"warning: document not published: {place}: is a symbolic link")
    ]
    assert len(told) == len(done.stderr.splitlines()) == 1
    assert "remove it" in told[0]
    assert everything(others) == before


def test_a_daemon_follows_no_link_that_comes_while_it_runs(site: Project, others: Path) -> None:
    before = everything(others)
    daemon = Running(site, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        for place in ("category", ".feedd-tmp"):
            if (site.output / place).exists():
                (site.output / place).rename(site.folder / "moved")
            (site.output / place).symlink_to(others)
        site.post("2024-02-01-new.md", "Newer", tags="fresh")
        daemon.until((site.output / "tag" / "fresh" / "atom.xml").exists)
        daemon.until(
            lambda: {one["document"] for one in daemon.events("held_back")} >= {"category", ".feedd-tmp"}
        )
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)
    assert everything(others) == before


def test_the_output_folder_itself_may_be_a_link(site: Project, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "public"
    real.mkdir(parents=True)
    site.output.symlink_to(real)
    published(site)
    assert (real / "atom.xml").is_file()
    assert site.output.is_symlink()
    site.post("2024-02-01-new.md", "Newer")
    published(site)
    assert "Newer" in (real / "atom.xml").read_text("utf-8")


def test_links_in_the_way_of_every_folder_for_what_is_under_way(site: Project, others: Path) -> None:
    before = everything(others)
    site.output.mkdir()
    names = [".feedd-tmp", *(f".feedd-tmp-{number}" for number in range(1, 10))]
    for name in names:
        (site.output / name).symlink_to(others)
    done = site.run("build")
    assert done.returncode == 1
    assert ".feedd-tmp" in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(others) == before
    (site.output / names[-1]).unlink()
    assert held(site).keys() == {*names[:-1]}
    assert everything(others) == before
    assert (site.output / "atom.xml").is_file()


def test_what_somebody_put_into_the_folder_for_what_is_under_way_stays(site: Project, others: Path) -> None:
    before = everything(others)
    staging = site.output / ".feedd-tmp"
    staging.mkdir(parents=True)
    (staging / "letter.txt").write_text("mine")
    (staging / "77-1").symlink_to(others / "letter.txt")
    (staging / "77-2").mkdir()
    (staging / "77-3").write_text("left by a killed run")
    published(site)
    assert sorted(one.name for one in staging.iterdir()) == ["77-1", "77-2", "letter.txt"]
    assert everything(others) == before


def test_a_list_that_has_another_name_elsewhere_is_not_added_to(site: Project, others: Path) -> None:
    before = everything(others)
    (site.output / ".feedd-tmp").mkdir(parents=True)
    (site.output / ".feedd-tmp" / "journal").hardlink_to(others / "journal")
    assert "is a hard link" in held(site)[".feedd-tmp/journal"]
    assert everything(others) == before


def test_a_pipe_in_the_place_of_a_document_is_not_waited_for(site: Project) -> None:
    for name in ("atom.xml", ".feedd", "tag"):
        (site.output / name).parent.mkdir(exist_ok=True)
        os.mkfifo(site.output / name)
    found = held(site)
    assert found.keys() >= {"atom.xml", ".feedd", "tag"}
    assert "special file" in found["atom.xml"]


def _edit_store(site: Project, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(site.folder / "state" / "feedd.db")) as store:
        store.execute(statement, values)
        store.commit()


@pytest.mark.parametrize(
    "path", ["../others/letter.txt", "tag/../../others/letter.txt", "/{others}/letter.txt"]
)
def test_a_path_in_a_store_or_list_of_somebody_else_leads_nowhere(
    site: Project, others: Path, path: str
) -> None:
    """A document that nothing names any more is removed if its bytes are those that were written; but not out there."""
    published(site)
    path = path.replace("{others}", str(others).lstrip("/"))
    letter, before = others / "letter.txt", everything(others)
    found = letter.stat()
    digest = hashlib.sha256(letter.read_bytes()).hexdigest()
    with (site.output / ".feedd").open("a") as listed:
        listed.write(f"{digest}  {path}\n")
    _edit_store(
        site,
        "INSERT INTO document (path, feed, digest, size, mtime) VALUES (?, NULL, ?, ?, ?)",
        path,
        digest,
        found.st_size,
        found.st_mtime_ns,
    )
    assert "not inside the output folder" in held(site)[path]
    assert everything(others) == before
    assert build(site).compute_exit_code() == 0, "it is named once, and forgotten"
    assert path not in (site.output / ".feedd").read_text("utf-8")


@pytest.mark.parametrize(
    "slug", ["../../../others", "/etc/feedd", "a/b", "..", "", ".feedd", "a\x00b", "x" * 300, b"\xff"]
)
def test_a_slug_in_a_backup_of_somebody_else_is_not_used(
    site: Project, others: Path, tmp_path: Path, slug: str | bytes
) -> None:
    published(site)
    calm, before = site.bytes(), everything(others)
    _edit_store(site, "UPDATE feed SET slug = ?, folded = ? WHERE kind = 'tag' AND name = 't1'", slug, slug)
    backup = tmp_path / "backup.db"
    assert site.run("backup", str(backup)).returncode == 0
    assert site.run("restore", str(backup)).returncode == 0
    site.post("2024-02-01-new.md", "Newer", tags="t1")
    published(site)
    assert everything(others) == before
    assert site.bytes().keys() >= calm.keys()
    assert "Newer" in (site.output / "tag" / "t1" / "atom.xml").read_text("utf-8")


@pytest.mark.parametrize("name", ["feedd.db.lock", "ledger.jsonl", "feedd.db.before-restore"])
def test_a_link_beside_the_store_is_not_written_through(site: Project, others: Path, name: str) -> None:
    undated = site.posts / "undated.md"
    undated.write_text("---\ntitle: Undated\n---\nText.\n", "utf-8")
    published(site)
    backup = site.folder / "backup.db"
    assert site.run("backup", str(backup)).returncode == 0
    letter, link = others / "letter.txt", site.folder / "state" / name
    letter.write_text("")
    before = everything(others)
    link.unlink(missing_ok=True)
    link.symlink_to(letter)
    (site.posts / "undated2.md").write_text("---\ntitle: Undated too\n---\nText.\n", "utf-8")
    done = site.run("restore", str(backup)) if name.endswith("restore") else site.run("build")
    assert done.returncode in (1, 2)
    assert str(link) in done.stderr
    assert "is a symbolic link" in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(others) == before
    assert link.readlink() == letter


def test_a_backup_is_not_written_through_a_link(site: Project, others: Path, tmp_path: Path) -> None:
    published(site)
    before = everything(others)
    for target in (others / "letter.txt", others / "nothing", site.folder / "state" / "feedd.db"):
        link = tmp_path / "backup.db"
        link.symlink_to(target)
        done = site.run("backup", str(link))
        assert done.returncode == 2
        assert "is a symbolic link" in done.stderr
        assert link.readlink() == target
        link.unlink()
    assert everything(others) == before


def test_a_store_behind_a_link_is_restored_where_it_lies(site: Project, tmp_path: Path) -> None:
    published(site)
    store, real = site.folder / "state" / "feedd.db", tmp_path / "disk" / "feedd.db"
    backup = tmp_path / "backup.db"
    assert site.run("backup", str(backup)).returncode == 0
    real.parent.mkdir()
    store.rename(real)
    for side in ("-wal", "-shm"):
        store.with_name(store.name + side).unlink(missing_ok=True)
    store.symlink_to(real)
    assert site.run("restore", str(backup)).returncode == 0
    assert store.is_symlink()
    assert real.with_name("feedd.db.before-restore").is_file()
    published(site)


# The way down, by itself.


@pytest.mark.parametrize(
    "path", ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\x00", "a\nb", "x" * 256, "\udcff"]
)
def test_a_path_that_leads_out_or_that_there_cannot_be_is_not_inside(path: str) -> None:
    assert not is_inside(path)


def test_a_path_inside_has_names_of_any_language() -> None:
    assert all(
        is_inside(path) for path in ("a", ".feedd", "tag/中国/atom.xml", "a b/c", "..a/b..", "x" * 255)
    )


Change = Callable[[SafeFolder], object]
CHANGES: list[Change] = [
    lambda below: below.create("a/new", b"x"),
    lambda below: below.append("a/list", b"x\n"),
    lambda below: below.rename("own", "a/new"),
    lambda below: below.rename("a/letter.txt", "own"),
    lambda below: below.remove("a/letter.txt"),
    lambda below: below.read("a/letter.txt"),
    lambda below: below.digest("a/letter.txt"),
    lambda below: below.names("a"),
    lambda below: below.folder("a/b", create=True),
    lambda below: below.sync("a/letter.txt"),
    lambda below: below.append("a", b"x\n"),
    lambda below: below.read("a"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_no_way_leads_through_a_link(tmp_path: Path, others: Path, change: Change) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "own").write_text("own")
    (root / "a").symlink_to(others)
    before = everything(others)
    with SafeFolder(root) as below, pytest.raises(Blocked) as caught:
        change(below)
    assert caught.value.path == "a"
    assert everything(others) == before
    assert (root / "own").read_text() == "own"


def test_a_link_that_comes_between_the_look_and_the_rename_changes_nothing(
    tmp_path: Path, others: Path
) -> None:
    before = everything(others)
    tree = Tree(tmp_path / "output", {})
    tree.open()
    (tmp_path / "output" / "tag").mkdir()
    assert tree.put("tag/x/atom.xml", b"new")
    (tmp_path / "output" / "tag").rmdir()
    (tmp_path / "output" / "tag").symlink_to(others)
    with pytest.raises(OutputError, match=r"tag: is a symbolic link.*run again"):
        tree.flush()
    assert everything(others) == before


def test_a_folder_that_is_open_stays_the_one_that_it_was(tmp_path: Path, others: Path) -> None:
    """Whoever puts a link in its place meanwhile gets nothing: what is written goes where the folder went."""
    before = everything(others)
    (tmp_path / "root" / "a").mkdir(parents=True)
    with SafeFolder(tmp_path / "root") as below:
        below.folder("a")
        (tmp_path / "root" / "a").rename(tmp_path / "root" / "moved")
        (tmp_path / "root" / "a").symlink_to(others)
        below.create("a/new", b"x")
    assert (tmp_path / "root" / "moved" / "new").read_bytes() == b"x"
    assert everything(others) == before
