"""Problems in posts, each with its file, line and repair."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feeds.cli.lint import _lint_site
from feeds.errors import UsageError
from feeds.models import Repair
from tests.rigs.memory_world import World, run_command


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.post("good")
    (made.posts / "bad.md").write_text('---\ntitle: "a "b""\ndate: 2024-04-01 10:00:00 +0000\n---\nText\n')
    (made.posts / "worse.md").write_text("---\ntitle: T\nexpiryDate: never\n---\nText\n")
    return made


def test_each_problem_has_its_place(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(world, "lint") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        [f"{world.posts}/bad.md:2", "unescaped-quote"],
        [f"{world.posts}/worse.md:1", "rejected"],
    ]
    assert run_command(world, "lint", str(world.posts / "good.md")) == 0
    assert run_command(world, "lint", str(world.posts / "bad.md"), "--json") == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["rule"], found["line"], found["new"]) == ("unescaped-quote", 2, "title: 'a \"b\"'")


def test_other_places_are_refused(world: World) -> None:
    with pytest.raises(UsageError, match="not in any source folder"):
        run_command(world, "lint", "/etc")
    with pytest.raises(UsageError, match="no such file or folder"):
        run_command(world, "lint", str(world.posts / "missing.md"))


@pytest.mark.parametrize(
    ("folder", "file"), [("site/_posts", "site/_config.yml"), ("site/posts", "site/posts/_config.yml")]
)
def test_problems_of_the_configuration_of_a_site_are_in_its_file(folder: str, file: str) -> None:
    repairs = (Repair(3, "unescaped-quote", "title: a", "title: 'a'"),)
    root, config = Path("/") / folder, Path("/") / file
    (found,) = _lint_site(root, repairs, ())
    assert (found["path"], found["line"]) == (str(config), 3)
    assert len(list(_lint_site(root, repairs, (config,)))) == 1
    assert list(_lint_site(root, repairs, (root / "a.md",))) == []
