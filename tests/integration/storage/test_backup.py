"""The store saved and brought back, and what a damaged one makes feedd say and do."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from feeds.storage import backup
from feeds.storage.sqlite import Database, load_migrations, lock_store
from tests.conftest import ROOT, Project
from tests.integration.daemon.test_daemon import Running


@pytest.fixture
def built(project: Project) -> Project:
    for number in range(6):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}", tags=f"t{number % 2}")
    (project.posts / "undated.md").write_text("---\ntitle: Undated\ntags: [Tea, tea]\n---\nText.\n", "utf-8")
    assert project.run("build").returncode == 0
    return project


def store_of(project: Project) -> Path:
    return project.folder / "state" / "feedd.db"


def test_a_backup_brings_a_lost_store_back_with_the_same_feeds(built: Project, tmp_path: Path) -> None:
    file = tmp_path / "kept" / "feedd.backup"
    saved = built.run("backup", str(file), "--json")
    assert saved.returncode == 0
    assert json.loads(saved.stdout)["bytes"] == file.stat().st_size
    before, ledger = built.snapshot(), built.ledger()
    shutil.rmtree(built.folder / "state")
    done = built.run("restore", str(file))
    assert done.returncode == 0, done.stderr
    report = json.loads(built.run("build", "--json").stdout)
    assert (report["new"], report["unchanged"], report["written"]) == (0, 7, [])
    assert built.snapshot() == before
    assert built.ledger() == ledger


def test_an_older_backup_is_brought_up_to_date_by_the_next_build(built: Project, tmp_path: Path) -> None:
    file = tmp_path / "feedd.backup"
    built.run("backup", str(file))
    built.post("2024-02-01-new.md", "Newer", tags="fresh")
    built.run("build")
    later = built.bytes()
    done = built.run("restore", str(file))
    assert "before-restore" in done.stdout
    with closing(
        Database.open(store_of(built).with_name("feedd.db.before-restore"), read_only=True)
    ) as former:
        assert former.value("version") == load_migrations()[-1][0]
    report = json.loads(built.run("build", "--json").stdout)
    assert report["new"] == 1
    assert built.bytes().keys() == later.keys()
    ids = [line for line in built.bytes()["atom.xml"].splitlines() if b"<id>" in line]
    assert ids == [line for line in later["atom.xml"].splitlines() if b"<id>" in line]


def test_a_backup_beside_a_running_daemon_is_whole_and_a_restore_is_refused(
    built: Project, tmp_path: Path
) -> None:
    daemon = Running(built, {})
    try:
        daemon.until(lambda: bool(daemon.events("ready")))
        for number in range(5):
            built.post(f"2024-03-0{number + 1}-q.md", f"While running {number}")
            done = built.run("backup", str(tmp_path / "online"))
            assert done.returncode == 0, done.stderr
        refused = built.run("restore", str(tmp_path / "online"))
        assert refused.returncode == 75
        assert "another feedd" in refused.stderr
        assert daemon.stop() == 0
    finally:
        daemon.process.kill()
        daemon.process.wait(10)
    assert built.run("restore", str(tmp_path / "online")).returncode == 0
    assert built.run("build").returncode == 0
    assert built.run("validate").returncode == 0


def test_a_backup_taken_in_the_midst_of_writing_is_one_moment(built: Project, tmp_path: Path) -> None:
    """Two rows that are always written together are never seen apart, and what was stored before is in it."""
    ended = threading.Event()

    def write() -> None:
        with closing(Database.open(store_of(built))) as db:
            number = 0
            while not ended.is_set():
                number += 1
                with db.transaction():
                    db.run("meta_put", ("one", str(number)))
                    db.run("meta_put", ("two", str(number)))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            file = tmp_path / f"copy{number}"
            with closing(Database.open(store_of(built), read_only=True)) as db:
                least = int(db.value("meta_get", ("one",)) or 0)
            backup.save_backup(store_of(built), file)
            with closing(Database.open(file, read_only=True)) as db:
                assert db.value("meta_get", ("one",)) == db.value("meta_get", ("two",))
                assert int(db.value("meta_get", ("one",)) or 0) >= least
    finally:
        ended.set()
        writer.join(10)


def test_a_backup_never_replaces_something_else(built: Project, tmp_path: Path) -> None:
    mine = tmp_path / "letter.txt"
    mine.write_text("mine")
    for file in (mine, store_of(built), built.folder / "state" / "feedd.db.lock", built.folder):
        done = built.run("backup", str(file))
        assert done.returncode == 2, file
        assert "Traceback" not in done.stderr
        assert "name another file" in done.stderr
    assert mine.read_text() == "mine"
    link = tmp_path / "link"
    link.hardlink_to(store_of(built))
    assert built.run("backup", str(link)).returncode == 2


def test_backup_and_restore_of_nothing(project: Project, tmp_path: Path) -> None:
    for verb in ("backup", "restore"):
        done = project.run(verb, str(tmp_path / "nothing"))
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def _first_half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _zeros(data: bytes) -> bytes:
    return bytes(len(data))


def _a_page_of_zeros(data: bytes) -> bytes:
    """The page that holds the list of tables' first table."""
    return data[:16384] + bytes(16384) + data[2 * 16384 :]


def _empty(data: bytes) -> bytes:
    return b""


def _newer(data: bytes) -> bytes:
    return data[:60] + (999).to_bytes(4, "big") + data[64:]


def _text(data: bytes) -> bytes:
    return b"this is no database\n" * 100


DAMAGES = [_first_half, _zeros, _a_page_of_zeros, _empty, _newer, _text]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__.strip("_"))
def test_a_damaged_backup_changes_nothing(
    built: Project, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    file = tmp_path / "feedd.backup"
    built.run("backup", str(file))
    file.write_bytes(damage(file.read_bytes()))
    before = store_of(built).read_bytes()
    done = built.run("restore", str(file))
    assert done.returncode == 2
    assert "nothing was changed" in done.stderr
    assert "Traceback" not in done.stderr
    assert store_of(built).read_bytes() == before
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda one: one.__name__.strip("_"))
def test_a_damaged_store_is_named_the_feeds_stay_and_it_is_rebuilt_with_the_same_ids(
    built: Project, damage: Callable[[bytes], bytes]
) -> None:
    store = store_of(built)
    before, ledger = built.bytes(), built.ledger()
    store.write_bytes(damage(store.read_bytes()))
    built.post("2024-02-01-new.md", "Newer")
    done = built.run("build")
    assert done.returncode == 2
    assert str(store) in done.stderr
    assert "move" in done.stderr
    assert "Traceback" not in done.stderr
    assert built.bytes() == before
    status = built.run("status")
    assert (status.returncode, "Traceback" in status.stderr) == (status.returncode and 2, False)
    store.rename(store.with_name("damaged.db"))
    (built.posts / "2024-02-01-new.md").unlink()
    assert built.run("build").returncode == 0
    assert built.bytes() == before
    assert built.ledger() == ledger


def test_a_log_that_is_torn_loses_no_settled_feed(built: Project, tmp_path: Path) -> None:
    """The write-ahead log of a killed build, cut or garbled anywhere, still gives the bytes of a whole one."""
    store = store_of(built)
    log = store.with_name("feedd.db-wal")
    for number in range(4):
        built.post(f"2024-02-0{number + 1}-new.md", f"Newer {number}")
    keep = sqlite3.connect(store)  # an open reader keeps the log from being taken in and removed
    keep.execute("BEGIN")
    keep.execute("SELECT count(*) FROM post").fetchone()
    assert built.run("build").returncode == 0
    wanted = built.bytes()
    state, torn = tmp_path / "state-then", log.read_bytes()
    shutil.copytree(built.folder / "state", state)
    keep.close()
    size = len(torn)
    assert size > 32
    garbled = torn[: size // 2] + bytes(500) + torn[size // 2 + 500 :]
    for data in (torn[: size // 3], torn[: size - 7], garbled, torn[:31], b""):
        shutil.rmtree(built.folder / "state")
        shutil.copytree(state, built.folder / "state")
        log.write_bytes(data)
        store.with_name("feedd.db-shm").unlink(missing_ok=True)
        done = built.run("build")
        assert done.returncode == 0, done.stderr
        assert b"Newer 3" in built.bytes()["atom.xml"]
        assert built.bytes().keys() == wanted.keys()
        assert built.run("validate").returncode == 0


def test_a_store_that_is_locked_for_long_is_only_waited_for(built: Project) -> None:
    """A reader is never told that the database is locked, whatever the writer does."""
    with closing(sqlite3.connect(store_of(built), isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert built.run("status").returncode == 0
        assert built.run("explain", "2024-01-01-p.md").returncode == 0


def test_two_and_four_runs_at_once_one_does_the_work(built: Project) -> None:
    for count in (2, 4):
        built.post(f"2024-02-0{count}-new.md", f"Newer {count}")
        command = [sys.executable, "-m", "feeds", "build", "-c", str(built.config)]
        running = [
            subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
            for _ in range(count)
        ]
        codes = [(one.communicate()[1].decode(), one.returncode) for one in running]
        assert {code for _, code in codes} <= {0, 75}
        assert any(code == 0 for _, code in codes)
        assert all("another feedd" in text for text, code in codes if code == 75)
        assert f"Newer {count}".encode() in built.bytes()["atom.xml"]
    assert json.loads(built.run("build", "--json").stdout)["written"] == []


def test_a_role_ends_with_its_process_however_it_ends(built: Project) -> None:
    code = "import sys, time; import feeds.storage.sqlite; from pathlib import Path\n"
    code += (
        "with feeds.storage.sqlite.lock_store(Path(sys.argv[1])): print('has it', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(store_of(built))], cwd=ROOT, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout.readline() == b"has it\n"
        assert built.run("build").returncode == 75
        holder.kill()
    for _ in range(50):
        if built.run("build").returncode == 0:
            break
        time.sleep(0.1)
    with lock_store(store_of(built)):
        pass
