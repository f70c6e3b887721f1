"""The two checkouts that are compared, each with a program ``feedd`` and an environment to run it in."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
"""The working tree that this code belongs to."""

_LOCK = "requirements.lock"
_PROJECT = "pyproject.toml"
_PROGRAM = """#!{python}
import sys
from {module} import {function}
if __name__ == "__main__":  # worker processes import this file
    sys.exit({function}())
"""


class CheckoutError(Exception):
    """A checkout cannot be made or run; the text says what to do."""


@dataclass(frozen=True)
class Checkout:
    """One version of the project that can be run."""

    name: str
    """``base`` or ``tree``."""
    root: Path
    command: tuple[str, ...]
    environment: dict[str, str]


def open_checkouts(revision: str, folder: Path) -> tuple[Checkout, Checkout]:
    """Return the base and the working tree, both with a fixed clock.

    Raises:
        CheckoutError: one of them cannot be made.
    """
    unpack_revision(revision, folder / "base")
    clock = build_clock(folder)
    return open_base(folder, clock), open_tree(folder, clock)


def open_tree(folder: Path, clock: dict[str, str]) -> Checkout:
    """Copy the code of the working tree into ``folder``: beside the base, so that reading it costs the same."""
    root = folder / "tree"
    root.mkdir()
    shutil.copyfile(HERE / _PROJECT, root / _PROJECT)
    module = read_script(root)[0]
    package = module.partition(".")[0]
    shutil.copytree(HERE / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    return _make_checkout("tree", root, sys.executable, folder, clock)


def open_base(folder: Path, clock: dict[str, str]) -> Checkout:
    """Return the base that was unpacked in ``folder``, with an environment of its own if its lock file differs.

    Raises:
        CheckoutError: its dependencies cannot be installed.
    """
    root = folder / "base"
    return _make_checkout("base", root, find_python(root), folder, clock)


def unpack_revision(revision: str, folder: Path) -> None:
    """Write the files of a revision to a folder, without touching the working tree.

    Raises:
        CheckoutError: Git does not know the revision.
    """
    if shutil.which("git") is None:
        raise CheckoutError(f"{revision}: git is not on PATH; install it to compare with another revision")
    command = ["git", "-C", str(HERE), "archive", "--format=tar", f"{revision}^{{commit}}"]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()
        raise CheckoutError(f"{revision}: git knows no such commit; name one with BASE=REV ({words})")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")


def find_python(root: Path) -> str:
    """Return a Python that has the locked dependencies of a checkout.

    It is the one that runs now if the lock file is that of the working tree. Otherwise it is installed once,
    below ``$XDG_CACHE_HOME`` or ``~/.cache``, under the digest of the lock file.

    Raises:
        CheckoutError: the dependencies cannot be installed.
    """
    lock = root / _LOCK
    if not lock.is_file():
        raise CheckoutError(f"{lock}: this revision has no lock file, so its dependencies are not known")
    if lock.read_bytes() == (HERE / _LOCK).read_bytes():
        return sys.executable
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:16]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "feedd-same" / digest
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        print(f"installing the dependencies of the other revision into {folder}", flush=True)
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)])
        (folder / "complete").touch()
    return str(python)


def read_script(root: Path) -> tuple[str, str]:
    """Return the module and the function that the program ``feedd`` of a checkout calls.

    Raises:
        CheckoutError: it has no such program.
    """
    try:
        project = tomllib.loads((root / _PROJECT).read_text("utf-8"))["project"]
        module, _, function = project["scripts"]["feedd"].partition(":")
    except (OSError, ValueError, KeyError) as error:
        raise CheckoutError(f"{root / _PROJECT}: no program `feedd` is named in [project.scripts]") from error
    return module, function


def build_clock(folder: Path) -> dict[str, str]:
    """Compile the fixed clock, and return the variables that load it into a program.

    Raises:
        CheckoutError: there is no C compiler, or this is not Linux.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or not sys.platform.startswith("linux"):
        raise CheckoutError("the fixed clock needs Linux and a C compiler (cc or gcc) on PATH; install one")
    library = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    _run([compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(source), "-ldl"])
    return {"LD_PRELOAD": str(library)}


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise CheckoutError(f"{' '.join(command)} failed:\n{done.stderr or done.stdout}")


def _make_checkout(name: str, root: Path, python: str, folder: Path, clock: dict[str, str]) -> Checkout:
    """Write a program like that of an installation, compile the code, and see that it is the code of ``root``."""
    module, function = read_script(root)
    program = folder / f"program-of-{name}" / "feedd"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(_PROGRAM.format(python=python, module=module, function=function), "utf-8")
    kept = {key: os.environ[key] for key in ("PATH", "TMPDIR", "SYSTEMROOT") if key in os.environ}
    environment = {
        **kept,
        "PYTHONPATH": str(root),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
        **clock,
    }
    package = module.partition(".")[0]
    _run([python, "-m", "compileall", "-q", str(root / package)])
    code = f"import importlib.util as u; print(u.find_spec({package!r}).origin)"
    found = subprocess.run(
        [python, "-c", code], check=False, capture_output=True, text=True, env=environment, cwd=folder
    )
    if not Path(found.stdout.strip()).is_relative_to(root):
        raise CheckoutError(f"{python} would run {found.stdout.strip() or found.stderr}, not {root}")
    return Checkout(name, root, (python, str(program)), environment)
