"""``make matrix``: the fast tests on every supported Python that is found, and on the lowest versions of the dependencies.

Each environment is kept below ``.venv`` until its lock changes. What could not be tested is named at the end. Needs
nothing but the standard library, so any of the interpreters may run it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".venv"
LOWEST = "lowest"
FAST = ("tests/unit", "tests/integration/http", "tests/integration/server", "tests/integration/cli")
"""Where libraries and versions of Python differ: all pure code, and real sockets and terminals."""
_LOCKS = {LOWEST: "requirements-lowest.lock"}
_ABOUT = """\
import os, sys
print(".".join(map(str, sys.version_info[:3])))
print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
"""
_NAME = re.compile(r"python3(\.\d+)?")

Version = tuple[int, ...]


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine."""

    version: Version
    path: Path


@dataclass(frozen=True)
class Result:
    """What became of an environment; ``outcome`` is passed, failed or skipped."""

    name: str
    outcome: str
    detail: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Test every environment and print a line for each; return 1 if tests failed or nothing was tested."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matrix", description=__doc__)
    parser.add_argument("tests", nargs="*", default=FAST, help=f"what to test (default: {' '.join(FAST)})")
    parser.add_argument("--only", action="append", metavar="NAME", help=f"only 3.12, ... or {LOWEST}")
    options = parser.parse_args(arguments)
    supported = load_supported_versions()
    found = choose_interpreters(list_interpreters(find_programs()), supported)
    results = []
    for name in options.only or [*supported, LOWEST]:
        print(f"== {name}", flush=True)
        results.append(
            run_environment(name, found.get(supported[0] if name == LOWEST else name, []), options.tests)
        )
    width = max(len(result.name) for result in results)
    print("\n".join(f"{result.name:{width}}  {result.outcome}: {result.detail}" for result in results))
    outcomes = {result.outcome for result in results}
    return int("failed" in outcomes or "passed" not in outcomes)


def load_supported_versions() -> list[str]:
    """Return the minor versions that ``pyproject.toml`` declares as supported, the lowest first."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    return sorted(found, key=parse_version)


def parse_version(text: str) -> Version:
    """Return the numbers of a version."""
    return tuple(int(number) for number in text.split("."))


def find_programs() -> Iterator[Path]:
    """Yield every program that may be a Python: this one, those on ``PATH`` and those that pyenv installed."""
    yield Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(folder) for folder in os.get_exec_path()]
    for folder in [*folders, *sorted(pyenv.glob("versions/*/bin"))]:
        if folder.is_dir():
            yield from sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def list_interpreters(programs: Iterator[Path]) -> Iterator[Interpreter]:
    """Yield each program that runs and is a Python outside a virtual environment.

    A shim of pyenv exists for versions that are not active, too; it fails when it is run.
    """
    seen = set()
    for program in programs:
        done = subprocess.run(
            [program, "-I", "-c", _ABOUT], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            continue
        version, path = done.stdout.split("\n")[:2]
        if path not in seen:
            seen.add(path)
            yield Interpreter(parse_version(version), Path(path))


def choose_interpreters(
    found: Iterator[Interpreter], supported: Sequence[str]
) -> dict[str, list[Interpreter]]:
    """Return the interpreters of each supported version; the lowest release first, for it is the hardest to please."""
    chosen: dict[str, list[Interpreter]] = {}
    for interpreter in sorted(found, key=lambda interpreter: interpreter.version):
        minor = ".".join(map(str, interpreter.version[:2]))
        if minor in supported:
            chosen.setdefault(minor, []).append(interpreter)
    return chosen


def run_environment(name: str, interpreters: Sequence[Interpreter], tests: Sequence[str]) -> Result:
    """Run the tests in the environment of this name, with the first interpreter that can make one."""
    if not interpreters:
        return Result(name, "skipped", "no such Python was found on PATH or in pyenv")
    lock = ROOT / _LOCKS.get(name, "requirements-dev.lock")
    reasons = []
    for interpreter in interpreters:
        label = f"Python {'.'.join(map(str, interpreter.version))}"
        try:
            python = prepare_environment(ENVIRONMENTS / f"matrix-{name}", interpreter, lock)
        except subprocess.CalledProcessError as error:
            reasons.append(f"{label}: {_read_last_line(error)}")
            continue
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--hypothesis-profile=quick",
            "-p",
            "no:cacheprovider",
            *tests,
        ]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout, end="", flush=True)
        summary = (done.stdout.strip() or "no output").splitlines()[-1]
        return Result(name, "failed" if done.returncode else "passed", f"{label}, {lock.name}: {summary}")
    return Result(name, "failed", "; ".join(reasons))


def prepare_environment(folder: Path, interpreter: Interpreter, lock: Path) -> Path:
    """Make an environment with the packages of a lock, unless it is there; return its Python."""
    python = folder / "bin" / "python"
    stamp = folder / "made-of"
    made_of = f"{interpreter.path} {hashlib.sha256(lock.read_bytes()).hexdigest()}"
    if stamp.is_file() and stamp.read_text("utf-8") == made_of:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    install = [python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock]
    for command in ([interpreter.path, "-m", "venv", folder], install):
        subprocess.run(command, check=True, capture_output=True, text=True)
    stamp.write_text(made_of, "utf-8")
    return python


def _read_last_line(error: subprocess.CalledProcessError) -> str:
    lines = f"{error.stdout}\n{error.stderr}".strip().splitlines()
    return f"{lines[-1] if lines else error} ({' '.join(map(str, error.cmd[:4]))} ...)"


if __name__ == "__main__":
    sys.exit(main())
