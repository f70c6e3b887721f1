"""Faults injected at system calls: a rig that lets feedd run until its Nth change to a file.

The model is SQLite's own testing: a scenario is run once to count its calls, then again with a fault at
each of them. The calls are caught by a small library (``shim.c``) that the C compiler builds here and
that the loader puts before libc; nothing of feedd is patched, and no privilege is needed.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote

from lxml import etree

from tests.conftest import ROOT
from tests.rigs.servers import UpstreamServer

How = Literal["kill", "tear", "ENOSPC", "EIO", "full"]
HOWS: tuple[How, ...] = ("kill", "tear", "ENOSPC", "EIO", "full")
"""Killed before the call; killed with half of it done; refused once; refused from then on (``full``)."""
_CODES = {
    "kill": (1, 0),
    "tear": (2, 0),
    "ENOSPC": (3, errno.ENOSPC),
    "EIO": (3, errno.EIO),
    "full": (4, errno.ENOSPC),
}


class _Control(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_long),
        ("at", ctypes.c_long),
        ("how", ctypes.c_long),
        ("error", ctypes.c_long),
        ("clock", ctypes.c_long),
        ("last", ctypes.c_char * 64),
        ("under", ctypes.c_char * 512),
    )


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    code: int
    """Exit code; negative for a signal."""
    text: str
    """What it said."""
    calls: int
    """Calls that change a file."""
    last: str
    """The call that was hit, or empty."""


def missing() -> str:
    """Why faults cannot be injected here, or empty."""
    if not sys.platform.startswith("linux"):
        return "faults at system calls are injected on Linux only"
    return (
        ""
        if shutil.which("gcc") or shutil.which("cc")
        else "no C compiler: faults at system calls are NOT tested"
    )


class Faults:
    """Runs ``feedd`` with faults; a context manager."""

    upstream: UpstreamServer
    """For scenarios that ask one."""

    def __init__(self, scratch: Path) -> None:
        self._library = scratch / "shim.so"
        compiler = shutil.which("gcc") or shutil.which("cc") or "cc"
        source = str(Path(__file__).with_name("shim.c"))
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", "-o", str(self._library), source, "-ldl"], check=True
        )
        block = scratch / "control"
        block.write_bytes(b"\0" * ctypes.sizeof(_Control))
        with block.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._control = _Control.from_buffer(self._memory)
        self._said = scratch / "said"
        environment = os.environ | {"LD_PRELOAD": str(self._library), "FAULTS_CONTROL": str(block)}
        self._host = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.faults.host"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._host.stdin.close()
        self._host.wait(30)
        self._host.stdout.close()

    def begin(
        self, under: Path, *arguments: str, at: int = 0, how: How = "kill", clock: int = 1_750_000_000
    ) -> int:
        """Start a run whose call number ``at`` below the folder ``under`` fails; its process number."""
        control = self._control
        control.count, control.at, control.clock, control.last = 0, at, clock, b""
        control.how, control.error = _CODES[how]
        control.under = str(under).encode() + b"/"
        self._host.stdin.write(json.dumps({"arguments": arguments, "output": str(self._said)}) + "\n")
        self._host.stdin.flush()
        return int(self._host.stdout.readline())

    def end(self) -> Ran:
        """Wait for the run that was begun."""
        code = int(self._host.stdout.readline())
        control = self._control
        return Ran(code, self._said.read_text("utf-8"), control.count, control.last.decode())

    def run(
        self, under: Path, *arguments: str, at: int = 0, how: How = "kill", clock: int = 1_750_000_000
    ) -> Ran:
        """Begin a run and wait for it."""
        self.begin(under, *arguments, at=at, how=how, clock=clock)
        return self.end()

    def said(self) -> str:
        """What the run has told so far."""
        return self._said.read_text("utf-8") if self._said.exists() else ""

    @property
    def calls(self) -> int:
        """Calls so far."""
        return int(self._control.count)

    def never(self) -> None:
        """No (further) fault."""
        self._control.at = 0


def wrong_in(output: Path) -> list[str]:
    """What is not whole in an output tree: half documents, and documents that name one that is not there."""
    if not output.exists():
        return []
    files = [path for path in output.rglob("*") if path.is_file() and ".feedd-tmp" not in path.parts]
    found = []
    for path in files:
        name = str(path.relative_to(output))
        try:
            if path.suffix in (".xml", ".opml"):
                etree.fromstring(path.read_bytes())
            elif path.suffix == ".json":
                json.loads(path.read_bytes())
            elif path.suffix == ".html" and not path.read_text("utf-8").rstrip().endswith("</html>"):
                found.append(f"{name}: half a page")
        except (etree.XMLSyntaxError, ValueError) as error:
            found.append(f"{name}: {error}")
        if path.name.startswith(".") and path.name != ".feedd" and not path.name.startswith("..feedd.new-"):
            found.append(f"{name}: left behind")
        found += [f"{name} names {one}" for one in _named(path, output) if not (output / one).exists()]
    return found


_ADDRESS = re.compile(r"""(?:href|src|xmlUrl|htmlUrl)="([^"#?]+)""")
_SITE = "https://site.example/feeds/"


def _named(path: Path, output: Path) -> list[str]:
    """Documents and pages of the tree that a document names."""
    if path.suffix not in (".xml", ".opml", ".html"):
        return []
    text = path.read_text("utf-8")
    if path.suffix == ".xml":
        text = text.partition("<entry")[0].partition("<item")[0]
    here = path.parent.relative_to(output)
    names = []
    for address in _ADDRESS.findall(text):
        if address.startswith(_SITE):
            names.append(unquote(address.removeprefix(_SITE)))
        elif path.name == "index.html" and not re.match(r"[a-z]+:|/", address):
            names.append(os.path.normpath(here / unquote(address)))
    return [name for name in names if re.search(r"\.(xml|json|opml|css|js|svg)$", name)]
