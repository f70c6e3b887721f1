"""The man page describes the command line as it is, renders without a warning and is part of the package."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.man_page import PAGE, read_day, render_man_page
from feeds.cli.options import build_parser, load_commands
from tests.conftest import ROOT

COMMANDS = load_commands(build_parser())
CHECKS = {
    "man": ["--warnings", "--local-file", str(PAGE)],
    "groff": ["-man", "-ww", "-z", str(PAGE)],
    "mandoc": ["-T", "lint", "-W", "style", str(PAGE)],
}


def test_the_page_is_made_of_the_options_as_they_are() -> None:
    page = PAGE.read_text("utf-8")
    assert page == render_man_page(read_day(page)), "run `make man`"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", read_day(page))


@pytest.mark.parametrize("program", CHECKS)
def test_the_page_renders_without_a_warning(program: str) -> None:
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed: its view of the man page is NOT tested")
    done = subprocess.run([program, *CHECKS[program]], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    if program == "mandoc":
        assert done.stdout == ""


def test_the_rendered_page_names_every_command_option_and_exit_code() -> None:
    if not shutil.which("man"):
        pytest.skip("man is not installed: the rendered page is NOT tested")
    done = subprocess.run(["man", "--local-file", PAGE], capture_output=True, text=True, timeout=60)
    text = re.sub(r".\x08", "", done.stdout)
    for name, command in COMMANDS.items():
        assert re.search(rf"^   feedd {name}$", text, re.MULTILINE), name
        for option in command._option_string_actions:
            assert option in (*text.split(), "-h", "--help") or f"{option}," in text, (name, option)
    assert all(re.search(rf"^       {code} +\w", text, re.MULTILINE) for code in (0, 1, 2, 75))


def test_the_wheel_installs_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("share/man/man1/feedd.1")]
        assert archive.read(name) == PAGE.read_bytes()
