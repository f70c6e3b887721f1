"""What the store is asked while posts are taken in and published follows the change, not the collection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feeds.storage.sqlite import Database, load_statements

# Tables that grow with the posts.
LARGE = frozenset(("post", "sighting", "sighting_key", "payload", "key", "member", "log", "entry", "file"))

# What may walk a whole table: it is asked once a run, of an index that holds little, or by commands that report.
WHOLE = frozenset(
    (
        "entries_by_state",
        "entries_packed",
        "feed_counts",
        "posts_of_files",
        "ghost_feeds",
        "ghosts_lay",
        "keys_owned",
        "payloads_packed",
        "posts_of_state",
        "posts_titled",
        "sighting_counts",
        "sightings_numbers",
        "sightings_titled",
        "strong_like",
        "unreadable",
    )
)
_BY_INDEX_OF_FEW = ("post_unlogged", "post_waiting", "log_open", "file_odd")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with closing(Database.open(tmp_path_factory.mktemp("store") / "feedd.db")) as db:
        db.scope([])
        db.run("ghosts_create")
        yield db


def walks(db: Database, text: str) -> set[str]:
    """The large tables that a statement goes through from one end to the other."""
    names = re.findall(r"(?<!:):(\w+)", text)
    values: object = dict.fromkeys(names, 0) if names else [0] * text.count("?")
    plan = db._connection.execute("EXPLAIN QUERY PLAN " + text, values)  # type: ignore[arg-type]
    steps = [row[3] for row in plan if row[3].startswith("SCAN ")]
    return {step.split()[1] for step in steps if not step.endswith(_BY_INDEX_OF_FEW)} & LARGE


@pytest.mark.parametrize("name", sorted(load_statements().keys() - WHOLE))
def test_a_question_does_not_go_through_a_whole_table(database: Database, name: str) -> None:
    assert walks(database, load_statements()[name]) == set()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("log_append", "post_unlogged"),
        ("versions_sealed", "post_unlogged"),
        ("sightings_by_strong", "sighting_strong"),
    ],
)
def test_a_question_begins_with_what_is_new(database: Database, name: str, index: str) -> None:
    plan = database._connection.execute("EXPLAIN QUERY PLAN " + load_statements()[name]).fetchall()
    assert any(index in row[3] for row in plan), plan
    assert not any("state=?" in row[3] or "PRIMARY KEY (feed=?)" in row[3] for row in plan[:-1]), plan


def test_every_statement_is_asked_by_somebody() -> None:
    text = "".join(file.read_text("utf-8") for file in (Path(__file__).parents[3] / "feeds").rglob("*.py"))
    assert [name for name in load_statements() if f'"{name}"' not in text] == []
