"""Names of folders of feeds: no two are equal, and none is given twice."""

from __future__ import annotations

import re
import unicodedata

from tests.conftest import Project


def test_a_clash_gets_four_digits_of_the_names_digest_and_keeps_them(project: Project) -> None:
    decomposed = unicodedata.normalize("NFD", "café")
    project.post("2024-01-03-c.md", date="2024-01-03 00:00:00", tags='["CAFE"]')
    project.post("2024-01-01-a.md", date="2024-01-01 00:00:00", tags='["café"]')
    project.post("2024-01-02-b.md", date="2024-01-02 00:00:00", tags=f'["{decomposed}"]')
    project.run("build")
    slugs = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    plain, *clashes = sorted(slugs)
    assert plain == "cafe"
    assert clashes
    assert all(re.fullmatch("cafe-[0-9a-f]{4}", one) for one in clashes)
    # The earliest post's name comes first; one that comes later but is dated earlier gets another.
    assert b"caf\xc3\xa9" in project.bytes()["tag/cafe/atom.xml"]
    project.post("2023-01-01-d.md", date="2023-01-01 00:00:00", tags='["Cafe"]')
    project.run("build")
    now = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    assert slugs < now
    assert len(now) == len(slugs) + 1


def test_a_slug_is_not_given_again_when_its_name_is_gone(project: Project) -> None:
    path = project.post("2024-01-01-a.md", "One", tags="Tea", source_url="http://a.example/1")
    project.run("build")
    assert "tag/tea/atom.xml" in project.bytes()
    path.write_text(path.read_text("utf-8").replace("tags: Tea", "tags: Coffee"), "utf-8")
    project.run("build")
    assert "tag/tea/atom.xml" not in project.bytes()
    project.post("2024-01-02-b.md", "Two", tags="tea", source_url="http://a.example/2")
    project.run("build")
    slugs = {name.split("/")[1] for name in project.bytes() if name.startswith("tag/")}
    assert "coffee" in slugs
    assert "tea" not in slugs
