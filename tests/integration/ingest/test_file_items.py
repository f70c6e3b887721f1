"""Which item a file is, from one reading to the next (contract 2.4), through the program."""

from __future__ import annotations

from tests.conftest import Project
from tests.integration.test_build import entries


def shown(project: Project) -> dict[str, str]:
    """Title to id of every entry."""
    return {one["title"]: one["id"] for one in entries(project.output / "atom.xml")}


def tags(project: Project) -> set[str]:
    return {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}


def test_a_file_that_gets_an_id_or_loses_it_goes_on_as_the_same_post(project: Project) -> None:
    project.post("2024-01-01-a.md", "First", tags="old")
    project.run("build")
    uid = shown(project)["First"]
    project.post("2024-01-01-a.md", "Second", tags="new", id="my-id")
    project.run("build")
    assert shown(project) == {"Second": uid}
    assert tags(project) == {"new"}
    project.post("2024-01-01-a.md", "Third", tags="new")
    project.run("build")
    assert shown(project) == {"Third": uid}


def test_another_id_at_the_same_path_is_another_post_and_the_old_one_is_gone(project: Project) -> None:
    project.post("2024-01-01-a.md", "First", "One text.", tags="old", id="one")
    project.run("build")
    uid = shown(project)["First"]
    project.post("2024-01-01-a.md", "Second", "Another text.", tags="new", id="two")
    assert project.run("build").returncode == 0
    assert list(shown(project)) == ["Second"]
    assert shown(project)["Second"] != uid
    assert tags(project) == {"new"}


def test_two_files_that_change_places_keep_their_ids(project: Project) -> None:
    for name, title in (("a", "First"), ("b", "Second")):
        project.post(f"2024-01-01-{name}.md", title, f"Text of {title}.", id=title)
    project.run("build")
    before = shown(project)
    for name, title in (("b", "First"), ("a", "Second")):
        project.post(f"2024-01-01-{name}.md", title, f"Text of {title}.", id=title)
    project.run("build")
    assert shown(project) == before
    assert len(before) == 2


def test_another_infocode_in_a_file_is_another_post_and_the_old_one_is_gone(project: Project) -> None:
    code = "http://a.example/x?infoCode=NW2024010176543{}"
    project.post("2024-01-01-a.md", "First", "Text.", source_url=code.format(21))
    project.run("build")
    uid = shown(project)["First"]
    project.post("2024-01-01-a.md", "Second", "Text.", source_url=code.format(22))
    project.run("build")
    assert list(shown(project)) == ["Second"]
    second = shown(project)["Second"]
    assert second != uid
    project.post("2024-01-01-a.md", "First", "Text.", source_url=code.format(21))
    project.run("build")
    assert shown(project) == {"First": uid}
