"""What sources cannot tell again: each thing that the ledger keeps, seen after a rebuild without the store."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable

import pytest

from tests.conftest import Project
from tests.integration.storage.test_ledger import rebuild_elsewhere
from tests.integration.test_build import entries

ADDRESS = "http://a.example/{}"
CODE = "http://a.example/x?infoCode=NW2024010176543{}"

Life = Callable[[Project], None]


def build(project: Project) -> None:
    assert project.run("build").returncode == 0


def a_change_of_the_newest_post(project: Project) -> None:
    project.post("a.md", "Old", date="2024-01-02 00:00:00")
    build(project)
    project.post("a.md", "Newer title", date="2024-01-02 00:00:00")


def an_address_that_a_file_had(project: Project) -> None:
    project.post("a.md", "A", "One.", source_url=ADDRESS.format(1))
    build(project)
    project.post("a.md", "A", "One.", source_url=ADDRESS.format(2), tags="longer")
    build(project)
    project.post("b.md", "B", "Two two.", source_url=ADDRESS.format(1))


def a_strong_key_that_a_file_lost(project: Project) -> None:
    project.post("a.md", "A", "One.", source_url=CODE.format(21))
    build(project)
    project.post("a.md", "A", "One.")
    project.post("b.md", "B", "Two two.", source_url=CODE.format(21), tags="other")


def a_guid_that_came_later(project: Project) -> None:
    project.post("a.md", "A", "One.", source_url=ADDRESS.format(1))
    build(project)
    project.post("b.md", "B", "Two two.", source_url=ADDRESS.format(1), id="tag:a.example,2024:b")


def an_id_that_another_post_gave_up(project: Project) -> None:
    project.post("a.md", "A", "One.", source_url=ADDRESS.format(1))
    project.post("b.md", "B", "Two two.", source_url=ADDRESS.format(2))
    build(project)
    project.post("c.md", "C", "Three.", source_url=CODE.format(21))
    build(project)
    project.post("c.md", "C", "Three.", source_url=ADDRESS.format(2), id="tag:c")
    build(project)
    project.post("b.md", "B", "Two two.", source_url=CODE.format(22), tags="longer")


def a_renamed_file_without_a_date(project: Project) -> None:
    path = project.post("a.md", "A", "One.", date="")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    build(project)
    path.rename(project.posts / "b.md")


def posts_of_one_reading_out_of_order(project: Project) -> None:
    project.set("entries = 50", "entries = 3")
    for day in (1, 5, 9):
        project.post(f"{day}.md", f"Day {day}", date=f"2024-01-0{day} 00:00:00")
    build(project)
    for day in (3, 4, 8):
        project.post(f"{day}.md", f"Day {day}", date=f"2024-01-0{day} 00:00:00")


def a_new_file_with_the_text_that_another_file_had(project: Project) -> None:
    project.post("z.md", "A", "One.", date="2024-01-05")
    build(project)
    project.post("z.md", "A", "One, edited.", date="2024-01-05")
    build(project)
    # Its date is earlier, so a rebuild assigns its id first.
    project.post("a.md", "A", "One.", date="2024-01-01")


def equal_texts_of_which_the_first_is_removed(project: Project) -> None:
    project.post("a.md", "A", "One.", date="2024-01-01")
    project.post("b.md", "A", "One.", date="2024-01-02")
    project.post("c.md", "C", "Two two.", date="2024-01-03")
    build(project)
    (project.posts / "a.md").unlink()


def equal_texts_of_which_the_first_is_renamed(project: Project) -> None:
    project.post("a.md", "A", "One.", date="2024-01-01")
    project.post("b.md", "A", "One.", date="2024-01-01")
    build(project)
    (project.posts / "a.md").rename(project.posts / "c.md")


def a_new_file_at_the_path_of_a_renamed_file(project: Project) -> None:
    project.post("b.md", "A", "One.", date="2024-01-05")
    build(project)
    # The edit and the rename each write the id to the ledger.
    project.post("b.md", "A", "One, edited.", date="2024-01-05")
    build(project)
    (project.posts / "b.md").rename(project.posts / "c.md")
    build(project)
    # Its date is earlier, so a rebuild assigns its id first.
    project.post("b.md", "B", "Two two.", date="2024-01-01")


LIVES: list[Life] = [
    a_new_file_at_the_path_of_a_renamed_file,
    a_new_file_with_the_text_that_another_file_had,
    equal_texts_of_which_the_first_is_renamed,
    a_change_of_the_newest_post,
    an_address_that_a_file_had,
    a_strong_key_that_a_file_lost,
    a_guid_that_came_later,
    a_renamed_file_without_a_date,
    posts_of_one_reading_out_of_order,
]


@pytest.mark.parametrize("life", LIVES, ids=[life.__name__ for life in LIVES])
def test_a_rebuild_elsewhere_gives_the_same_feeds(project: Project, life: Life) -> None:
    # Archives also hold versions that were replaced, which nothing else keeps.
    project.set("[store]", "archive = []\n[store]")
    life(project)
    build(project)
    before, ledger = project.bytes(), project.ledger()
    rebuild_elsewhere(project)
    for name, data in sorted(project.bytes().items(), reverse=True):
        assert data.decode() == before[name].decode(), name
    assert project.bytes() == before
    assert project.ledger() == ledger


REMOVALS: list[Life] = [an_id_that_another_post_gave_up, equal_texts_of_which_the_first_is_removed]


@pytest.mark.parametrize("life", REMOVALS, ids=[life.__name__ for life in REMOVALS])
def test_an_id_that_another_post_had_stays_where_it_is(project: Project, life: Life) -> None:
    """The documents may differ: tombstones are published once and not again."""
    life(project)
    build(project)
    before = entries(project.output / "atom.xml")
    rebuild_elsewhere(project)
    assert entries(project.output / "atom.xml") == before


def test_posts_that_come_in_order_leave_no_line_of_their_own(project: Project) -> None:
    """A site that publishes and builds in turn keeps its ledger small."""
    for day in random.Random(1).sample(range(1, 9), 4):
        project.post(f"{day}.md", f"Day {day}", date=f"2024-01-0{day} 00:00:00")
    build(project)
    project.post("new.md", "New", date="2024-02-01 00:00:00")
    build(project)
    project.post("newer.md", "Newer", date="2099-01-01 00:00:00")
    build(project)
    assert json.loads(project.ledger()) == {"form": "file-ids", "value": "path"}
