"""`feedd check` names patterns that may be slow."""

from __future__ import annotations

from tests.conftest import Project


def test_a_pattern_that_may_be_slow_is_named_with_what_to_do(project: Project) -> None:
    with project.config.open("a", encoding="utf-8") as file:
        file.write('\n[clean]\nboilerplate = ["(?<=x)y"]\n')
    project.post("2024-01-02-a.md", "A", "Text.")
    done = project.run("build")
    assert done.returncode == 0
    assert "clean.boilerplate: '(?<=x)y' may be slow" in done.stdout + done.stderr
    again = project.run("build")
    assert "may be slow" not in again.stdout + again.stderr, "a warning is given once"
    checked = project.run("check")
    assert checked.returncode == 1
    assert "without lookaround" in checked.stdout + checked.stderr
