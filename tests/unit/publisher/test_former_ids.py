"""Ids that earlier versions derived from texts are looked for only where they can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feeds.post_ids import derive_post_urn
from feeds.publisher.former_ids import _find_former_keys, _read_published_ids
from tests.rigs.memory_world import World

FIRST, SECOND = (f"urn:uuid:0000000{n}-0000-4000-8000-000000000000" for n in (1, 2))


def test_the_ids_of_the_documents_of_all_posts_are_read(tmp_path: Path) -> None:
    assert _read_published_ids(tmp_path) == frozenset()
    (tmp_path / "atom.xml").write_text(f"<feed><id>{FIRST}</id><id>{SECOND}</id><id>urn:uuid:x</id></feed>")
    (tmp_path / "other.xml").write_text("urn:uuid:00000003-0000-4000-8000-000000000000")
    (tmp_path / "feed.json").mkdir()
    assert _read_published_ids(tmp_path) == {FIRST, SECOND}


class Stored:
    """A store with two files, and a publication of it."""

    def __init__(self, folder: Path, *, new: bool) -> None:
        self.world, self.new, self.loaded = World(folder), new, 0
        self.session, self.db, self.tree = self.world.session, self, self
        self.folder = self.world.output

    def is_without_past(self) -> bool:
        return self.new

    def load_bodies(self, numbers: list[int]) -> dict[int, Any]:
        self.loaded += 1
        return self.world.db.load_bodies(numbers)

    def find(self) -> dict[int, str]:
        files = [(number, title) for number, title in self.world.rows("SELECT rowid, 'a' FROM sighting")]
        return _find_former_keys(self, [*files, (99, "missing")])  # type: ignore[arg-type]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    found = Stored(tmp_path, new=True)
    found.world.post("a")
    found.world.ingest()
    return found


def test_a_new_store_beside_an_empty_output_derives_nothing(stored: Stored) -> None:
    assert stored.find() == {}
    assert stored.loaded == 0


def test_a_new_store_uses_former_keys_only_if_the_output_shows_their_ids(stored: Stored) -> None:
    stored.new = False
    keys = stored.find()
    assert len(keys) == 1
    (key,) = keys.values()
    stored.new = True
    stored.folder.mkdir()
    (stored.folder / "atom.xml").write_text(FIRST)
    assert stored.find() == {}
    (stored.folder / "atom.xml").write_text(derive_post_urn(key))
    assert stored.find() == keys
