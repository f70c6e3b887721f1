"""The ledger file and the store: which lines are read, which are written, and what counts as pending."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.errors import StoreError
from feeds.storage import ledger
from feeds.storage.ledger_lines import FILE_IDS
from feeds.storage.sqlite import Database
from tests.rigs.memory_store import open_memory_store

UID = "urn:uuid:00000000-0000-5000-8000-000000000001"
EARLY, LATE = "2024-01-01T00:00:00Z", "2024-02-01T00:00:00Z"


@pytest.fixture
def db() -> Database:
    return open_memory_store()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / ledger.LEDGER


def list_lines(db: Database) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in db.rows("ledger_all")]


def test_without_a_file_nothing_changes(db: Database, file: Path) -> None:
    assert not ledger.load_ledger(db, file)
    file.mkdir()
    with pytest.raises(StoreError, match="is not a file"):
        ledger.load_ledger(db, file)


def test_new_lines_are_stored_and_pending(db: Database, file: Path) -> None:
    file.write_text(f'{{"burnt": "url:x"}}\n{{"surfaced": "{UID}", "value": "{EARLY} {EARLY}"}}\n')
    assert ledger.load_ledger(db, file)
    assert list_lines(db) == [("burnt", "url:x", ""), ("surfaced", UID, f"{EARLY} {EARLY}")]
    assert ledger.load_pending_kinds(db) == {"burnt", "surfaced"}
    assert [row[0] for row in db.rows("burnt_all")] == ["url:x"]
    assert not ledger.load_ledger(db, file)
    ledger.remove_pending_kinds(db, {"burnt"})
    assert ledger.load_pending_kinds(db) == {"surfaced"}


def test_an_older_time_replaces_no_newer_time(db: Database, file: Path) -> None:
    db.run("ledger_put", ("surfaced", UID, f"{LATE} {LATE}"))
    file.write_text(f'{{"surfaced": "{UID}", "value": "{EARLY} {EARLY}"}}\n')
    assert not ledger.load_ledger(db, file)
    file.write_text(f'{{"surfaced": "{UID}", "value": "{LATE} {EARLY}"}}\n')
    assert not ledger.load_ledger(db, file)
    db.run("ledger_put", ("surfaced", UID, f"{EARLY} {EARLY}"))
    file.write_text(f'{{"surfaced": "{UID}", "value": "{LATE} {EARLY}"}}\n\n')
    assert ledger.load_ledger(db, file)


def test_bad_lines_are_reported_and_stay_in_the_file(db: Database, file: Path) -> None:
    file.write_bytes(b'{"burnt": "url:x"}\n' + b"bad\n" * 22)
    troubles: list[str] = []
    ledger.load_ledger(db, file, troubles)
    assert len(troubles) == 21
    assert troubles[0].startswith(f"{file}:2: not a line of a ledger (is not JSON in UTF-8)")
    assert troubles[-1] == f"{file}: 2 more lines are not lines of a ledger"
    again: list[str] = []
    assert not ledger.load_ledger(db, file, again)
    assert again == troubles
    db.run("ledger_put", ("burnt", "url:a", ""))
    text = ledger.render_changed_ledger(db, file.read_bytes())
    assert text == b'{"burnt": "url:a"}\n{"burnt": "url:x"}\n' + b"bad\n" * 22


def test_invalid_lines_of_the_store_are_dropped_once(db: Database, file: Path) -> None:
    db.run("ledger_put", ("slug", "tag/x", "../up"))
    db.run("ledger_put", ("slug", "tag/y", "y"))
    troubles: list[str] = []
    ledger.load_ledger(db, file, troubles)
    assert len(troubles) == 1
    assert "'slug'" in troubles[0]
    assert list_lines(db) == [("slug", "tag/y", "y")]
    db.run("ledger_put", ("slug", "tag/x", "../up"))
    ledger.load_ledger(db, file)
    assert len(list_lines(db)) == 2


def test_after_a_restore_the_file_decides(db: Database, file: Path) -> None:
    db.run("ledger_put", ("withdrawn", UID, EARLY))
    db.run("ledger_put", ("slug", "tag/x", "x"))
    db.run("meta_put", (ledger.RESTORED, "1"))
    file.write_text('{"slug": "tag/y", "value": "y"}\n')
    assert ledger.load_ledger(db, file)
    assert list_lines(db) == [("slug", "tag/x", "x"), ("slug", "tag/y", "y")]
    assert ledger.load_pending_kinds(db) == {"keys", "slug", "surfaced", "undone", "withdrawn"}
    assert db.value("meta_get", (ledger.RESTORED,)) == ""
    # A damaged line may be the line that seems to be missing.
    db.run("ledger_put", ("withdrawn", UID, EARLY))
    db.run("meta_put", (ledger.RESTORED, "1"))
    file.write_text('{"slug": "tag/y", "value": "y"}\nbad\n')
    ledger.load_ledger(db, file)
    assert ("withdrawn", UID, EARLY) in list_lines(db)
    file.unlink()
    db.run("meta_put", (ledger.RESTORED, "1"))
    ledger.load_ledger(db, file)
    assert db.value("meta_get", (ledger.RESTORED,)) == ""


def test_the_file_is_written_only_when_it_differs(db: Database) -> None:
    assert ledger.render_changed_ledger(db, b"") is None
    db.run("ledger_put", ("burnt", "url:x", ""))
    text = ledger.render_changed_ledger(db, b"")
    assert text == b'{"burnt": "url:x"}\n'
    ledger.mark_ledger_written(db, text)
    assert ledger.render_changed_ledger(db, text) is None
    assert ledger.render_changed_ledger(db, b"") == text
    db.run("ledger_put", ("burnt", "url:y", ""))
    assert ledger.render_changed_ledger(db, text) == text + b'{"burnt": "url:y"}\n'


def test_times_of_a_change(db: Database) -> None:
    assert ledger.parse_time(EARLY) == 1_704_067_200
    assert ledger.format_time(1_704_067_200) == EARLY
    assert ledger.build_appearance_line(UID, 1_704_067_200, 1_706_745_600) == (
        "surfaced",
        UID,
        f"{EARLY} {LATE}",
    )
    assert ledger.determine_change_times(db, UID, 10, 20) == (20, 20)
    assert ledger.determine_change_times(db, UID, 20, 20) == (21, 20)
    db.run("ledger_put", ("surfaced", UID, f"{LATE} {EARLY}"))
    assert ledger.determine_change_times(db, UID, 10, 20) == (1_706_745_600, 1_704_067_200)
    assert ledger.determine_change_times(db, UID, 1_706_745_600, 20) == (1_706_745_601, 20)


def test_merged_posts_and_late_posts_are_recorded(tmp_path: Path) -> None:
    from tests.rigs.memory_world import World

    world = World(tmp_path)
    world.post("a")
    world.build()
    assert list_lines(world.db) == [FILE_IDS]
    world.post("b", date="2024-03-01 10:00:00")
    world.build()
    _, (kind, _, value) = list_lines(world.db)
    assert (kind, value) == ("surfaced", "2024-05-01T12:00:00Z 2024-03-01T10:00:00Z")
    world.db._connection.execute("UPDATE post SET merged_into = 1, state = 'gone' WHERE id = 2")
    ledger.update_ledger(world.db)
    (alias,) = [line for line in list_lines(world.db) if line[0] == "alias"]
    assert alias[1:] == tuple(uid for (uid,) in world.rows("SELECT uid FROM post ORDER BY id DESC"))
    world.db._connection.execute("UPDATE post SET merged_into = NULL, state = 'live' WHERE id = 2")
    ledger.update_ledger(world.db)
    assert [line for line in list_lines(world.db) if line[0] == "alias"] == []
