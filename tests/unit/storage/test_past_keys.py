"""The ledger keeps the keys of earlier versions, so that a new machine recognises what it never read."""

from __future__ import annotations

import pytest

from feeds.identity import Sighting
from feeds.storage.past_keys import PastKeys
from feeds.storage.sqlite import Database
from tests.rigs.memory_store import open_memory_store

FILE = Sighting(
    number=1, source="news", rank=0, item="path:a.md", place="a.md", strong="", weak=frozenset({"url:now"}),
    own=frozenset({"url:now"}), title="", link="", page="", authors=(), published=None, updated=None, guess=None,
    categories=(), tags=(), length=0,
)  # fmt: skip
ENTRY = FILE._replace(source="up", item="id:7", place="")


@pytest.fixture
def db() -> Database:
    return open_memory_store()


def read(db: Database, kind: str) -> dict[str, str]:
    return dict(db.rows("ledger_of_kind", (kind,)))


def test_past_keys_of_a_file_are_recorded_and_dropped(db: Database) -> None:
    past = PastKeys(db)
    changed = FILE._replace(weak=FILE.weak | {"url:old", "url:a\nb"}, strong="!code:1")
    assert past.restore_keys(FILE, changed, FILE, False) == changed
    past.write()
    assert read(db, "keys") == {"news/a.md": "!code:1\nurl:old"}
    past = PastKeys(db)
    past.restore_keys(FILE, FILE, changed, False)
    past.write()
    assert read(db, "keys") == {}


def test_a_renamed_file_takes_its_line_with_it(db: Database) -> None:
    db.run("ledger_put", ("keys", "news/a.md", "url:old"))
    past = PastKeys(db)
    moved = FILE._replace(place="b.md", weak=FILE.weak | {"url:old"})
    past.restore_keys(moved, moved, FILE, False)
    past.write()
    assert read(db, "keys") == {"news/b.md": "url:old"}


def test_a_new_machine_gets_the_past_keys_of_a_file(db: Database) -> None:
    db.run("ledger_put", ("keys", "news/a.md", "!code:1\nurl:old\ntext:t"))
    found = PastKeys(db).restore_keys(FILE, FILE, None, False)
    assert found.strong == "!code:1"
    assert found.weak == {"url:now", "url:old"}
    own = PastKeys(db).restore_keys(FILE, FILE._replace(strong="!code:2"), None, False)
    assert own.strong == "!code:2"
    # A machine that knows the file has its keys already.
    assert PastKeys(db).restore_keys(FILE, FILE, FILE, False) == FILE


def test_only_renamed_entries_of_feeds_are_recorded(db: Database) -> None:
    past = PastKeys(db)
    more = ENTRY._replace(weak=ENTRY.weak | {"guid:up:6"})
    past.restore_keys(ENTRY, more, ENTRY, False)
    past.write()
    assert read(db, "renamed") == read(db, "keys") == {}
    past.restore_keys(ENTRY, more, ENTRY, True)
    past.write()
    assert read(db, "renamed") == {"up/id:7": "guid:up:6"}
    assert PastKeys(db).restore_keys(ENTRY, ENTRY, None, False).weak == {"url:now", "guid:up:6"}
    assert PastKeys(db).restore_keys(ENTRY, ENTRY, ENTRY, False) == ENTRY
