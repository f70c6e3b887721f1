"""docs/reference/commands.md describes the command line as it is."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys

import pytest

from feeds.cli.options import build_parser, load_commands
from tests.conftest import ROOT, feedd

COMMON = {"-h", "--help", "-c", "--config", "-v", "--verbose", "-q", "--quiet"}
COMMANDS = load_commands(build_parser())


def read_sections() -> dict[str, str]:
    """Return the text of each section of the reference by its heading."""
    text = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SECTIONS = read_sections()


def read_options(section: str) -> set[str]:
    """Return the options in the first column of the table of a section."""
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {option for cell in cells for option in re.findall(r"`(--?[a-z-]+)", cell)}


def list_options(command: argparse.ArgumentParser) -> set[str]:
    return {option for action in command._actions for option in action.option_strings}


def list_help(command: argparse.ArgumentParser) -> list[str]:
    actions = [one for one in command._actions if not isinstance(one, argparse._SubParsersAction)]
    own = [one for one in actions if not set(one.option_strings) & COMMON and one.dest != "version"]
    return [str(one.help).replace("%%", "%") for one in own]


def test_the_reference_has_a_section_for_each_command_in_the_same_order() -> None:
    assert [name for name in SECTIONS if name.startswith("`")] == [f"`feedd {name}`" for name in COMMANDS]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_has_the_options_help_and_exit_codes_of_its_command(name: str) -> None:
    section = SECTIONS[f"`feedd {name}`"]
    assert read_options(section) == list_options(COMMANDS[name]) - COMMON
    for text in (
        str(COMMANDS[name].description).replace("%%", "%"),
        *list_help(COMMANDS[name]),
        "Exit codes: 0",
    ):
        assert text in section
    metavars = [str(a.metavar) for a in COMMANDS[name]._actions if not a.option_strings]
    assert all(metavar in section for metavar in metavars)


def test_the_options_of_the_program_are_complete() -> None:
    common = read_options(SECTIONS["Options of every command"])
    assert common == COMMON
    assert read_options(SECTIONS["Options of the program"]) | common == list_options(build_parser())
    assert all(text in SECTIONS["Options of the program"] for text in list_help(build_parser()))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_command_and_its_options(shell: str) -> None:
    done = feedd("completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    for name, command in COMMANDS.items():
        assert name in done.stdout
        for option in list_options(command):
            assert option.lstrip("-") in done.stdout, (name, option)
    if program := shutil.which(shell):
        checked = subprocess.run(
            [program, "-n"], input=done.stdout, capture_output=True, text=True, timeout=60
        )
        assert (checked.returncode, checked.stderr) == (0, "")


def test_bash_completes_a_command() -> None:
    script = feedd("completion", "bash").stdout
    probe = 'COMP_WORDS=(feedd expl); COMP_CWORD=1; _shtab_feedd; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{probe}"], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["explain"], done.stderr


def test_help_loads_neither_rich_nor_shtab_nor_the_rest_of_feedd() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "feeds", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env={**os.environ})
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.returncode == 0
    assert (
        loaded
        & {
            "rich",
            "shtab",
            "difflib",
            "feeds.api",
            "feeds.config",
            "feeds.cli.terminal",
            "msgspec",
            "tomlkit",
        }
        == set()
    )
