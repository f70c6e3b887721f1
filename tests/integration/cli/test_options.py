"""An option that the program and its commands share means the same before and after the command."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.cli.options import build_parser, parse_command_line
from tests.conftest import ROOT, Project

NEEDED = (
    {"add": ["http://x.example/"], "validate": []}
    | {verb: ["x"] for verb in ("explain", "backfill", "import", "forget", "withdraw", "backup", "restore")}
    | {"completion": ["bash"], "config": ["show"]}
)
COUNTER = """\
import pathlib, os, sys
if any("process_pool" in argument for argument in sys.orig_argv):
    pathlib.Path(os.environ["COUNT_IN"], str(os.getpid())).touch()
"""


def verbs() -> dict[str, argparse.ArgumentParser]:
    actions = build_parser()._actions
    found = next(one for one in actions if isinstance(one, argparse._SubParsersAction))
    return dict(found.choices)


def shared() -> Iterator[tuple[str, str, list[str]]]:
    """Each spelling of each option that the program shares with a command, with a value if it takes one."""
    known = {spelling: one for one in build_parser()._actions for spelling in one.option_strings}
    for verb, options in verbs().items():
        for one in options._actions:
            for spelling in one.option_strings:
                if spelling in known and one.dest != "help":
                    yield verb, spelling, [spelling] if one.nargs == 0 else [spelling, "7"]


def test_every_command_shares_the_options_that_it_heeds() -> None:
    found = {(verb, spelling) for verb, spelling, _ in shared()}
    assert {(verb, spelling) for verb in verbs() for spelling in ("-c", "--config", "-v", "-q")} <= found
    assert {("build", "-j"), ("build", "--jobs")} <= found


@pytest.mark.parametrize(("verb", "spelling", "given"), list(shared()))
def test_a_shared_option_means_the_same_on_both_sides_of_the_command(
    verb: str, spelling: str, given: list[str]
) -> None:
    rest = NEEDED.get(verb, [])
    parser = build_parser()
    plain = parser.parse_args([verb, *rest])
    before = parser.parse_args([*given, verb, *rest])
    after = parser.parse_args([verb, *given, *rest])
    assert before == after != plain
    if len(given) == 2:
        other = parser.parse_args([spelling, "3", verb, *given, *rest])
        assert other == after  # the last one counts


def test_defaults_are_the_same_with_and_without_a_command() -> None:
    parser = build_parser()
    alone = vars(parser.parse_args([]))
    del alone["run"]  # each command has its own
    for verb in verbs():
        found = vars(parser.parse_args([verb, *NEEDED.get(verb, [])]))
        assert {name: found[name] for name in alone} == alone | {"command": verb}
    assert parse_command_line([]).jobs == 0
    assert parse_command_line(["build"]).jobs == 0


@pytest.mark.parametrize("given", [["-j", "2"], ["--jobs=0"], ["--log-format", "json"]])
@pytest.mark.parametrize("verb", sorted(verbs()))
def test_an_option_without_effect_on_a_command_is_refused(
    verb: str, given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*given, verb, *NEEDED.get(verb, [])]
    if verb == "build" and "log" not in given[0]:
        assert parse_command_line(arguments).jobs in (0, 2)
        return
    with pytest.raises(SystemExit) as ended:
        parse_command_line(arguments)
    assert ended.value.code == 2
    name = "--log-format" if "log" in given[0] else "--jobs"
    assert f"{name} has no effect on `feedd {verb}`; leave it out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        (["-j", "1"], [], 1),
        (["--jobs=3"], [], 3),
        ([], ["-j3"], 3),
        (["-j", "3"], ["-j", "1"], 1),
        (["-j", "1"], ["-q", "--json"], 1),
    ],
)
def test_a_build_starts_as_many_workers_as_it_is_told(
    project: Project, tmp_path: Path, before: list[str], after: list[str], count: int
) -> None:
    for number in range(300):
        project.post(f"2024-01-02-{number}.md", f"Post {number}", "Words " * 50)
    counted, hook = tmp_path / "counted", tmp_path / "hook"
    counted.mkdir()
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(COUNTER)
    command = [sys.executable, "-m", "feeds", *before, "-c", str(project.config), "build", *after]
    environment = os.environ | {"PYTHONPATH": f"{hook}{os.pathsep}{ROOT}", "COUNT_IN": str(counted)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=project.folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert (project.output / "atom.xml").exists()
    assert len(list(counted.iterdir())) == count
