"""Follow one document and one post through the program, and count the functions, files and packages on the way.

Both walks use the public functions of ``feeds`` alone, in this process and with one job, so that no work is done where
nobody counts it. They are measured on a second build, when everything is loaded: one new entry in the document
of an upstream feed on loopback, from poll to store; one changed file of a folder, from the file to its documents.
"""

from __future__ import annotations

import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Self

import feeds
from feeds.workers import process_pool

PACKAGE = Path(feeds.__file__).parent
_SETTINGS = """[site]
title = "Walk"
url = "https://walk.example/"
[output]
dir = "output"
[store]
url = "state/feedd.db"
[[sources]]
name = "source"
"""
_FOLDER = """path = "posts"
"""
_UPSTREAM = """kind = "upstream"
url = "http://{authority}/feed"
allow = ["{authority}"]
"""
_POST = """---
title: "Post {number}"
date: 2024-05-0{number} 08:00:00
categories: harbour
tags: [tea, bridges]
---
The ferry leaves at {text}, and *everybody* is on board.
"""
_FEED = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Upstream</title><id>urn:example:upstream</id>
<updated>2024-05-0{count}T08:00:00Z</updated><link href="https://upstream.example/"/>{entries}</feed>
"""
_ENTRY = """<entry><title>Entry {number}</title><id>urn:example:{number}</id>
<link href="https://upstream.example/{number}"/><updated>2024-05-0{number}T08:00:00Z</updated>
<author><name>A. Writer</name></author><category term="harbour"/>
<content type="html">&lt;p&gt;The ferry leaves at {number}.&lt;/p&gt;</content></entry>
"""


@dataclass
class Walk:
    """What was called on a way through the program, in the order of the first calls."""

    functions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    """File from the package, name and line of each function, and how often it was called."""
    switches: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often a function of one package called one of another."""

    @property
    def files(self) -> set[str]:
        """Return the files of the functions."""
        return {file for file, _, _ in self.functions}


class Tracer:
    """Count calls of the package's functions in every thread, while a function of ``feeds/pipeline.py`` runs.

    Comprehensions and code that runs at import do not count. Calls back from a library belong to the function
    of the package that called the library.
    """

    def __init__(self, begins: frozenset[str]) -> None:
        """``begins`` names the functions of ``feeds/pipeline.py`` between whose call and return calls count."""
        self.walk = Walk()
        self.begun = False
        """Whether one of them was called at all."""
        self._begins = begins
        self._open: FrameType | None = None
        self._root = f"{PACKAGE}/"

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Count a call; this is a profile function as Python calls it."""
        file = frame.f_code.co_filename
        if event not in ("call", "return") or not file.startswith(self._root):
            return
        name = frame.f_code.co_name
        if event == "return":
            if frame is self._open:
                self._open = None
            return
        inner = file.removeprefix(self._root)
        if self._open is None and inner == "pipeline.py" and name in self._begins:
            self._open, self.begun = frame, True
        if self._open is not None and not name.startswith("<"):
            self._count(frame, inner, name)

    def _count(self, frame: FrameType, file: str, name: str) -> None:
        function = (file, name, frame.f_code.co_firstlineno)
        self.walk.functions[function] = self.walk.functions.get(function, 0) + 1
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(self._root):
            caller = caller.f_back
        if caller is None:
            return
        pair = find_room(caller.f_code.co_filename.removeprefix(self._root)), find_room(file)
        if pair[0] != pair[1]:
            self.walk.switches[pair] = self.walk.switches.get(pair, 0) + 1


def find_room(file: str) -> str:
    """Return the package or module directly below ``feeds`` that a file belongs to."""
    return file.partition("/")[0].removesuffix(".py")


class InProcessPool:
    """Do the work of worker processes in this process, where calls are counted; it replaces their pool."""

    def __init__(self, *_settings: object) -> None:
        """Take what the real pool takes; this process is ready for work already."""

    def ensure_processes(self, count: int) -> None:
        """Start nothing."""

    def submit_job(
        self, function: Callable[[Any], Any], piece: object, deadline: float | None = None
    ) -> Future[Any]:
        """Do a piece of work at once."""
        result: Future[Any] = Future()
        try:
            result.set_result(function(piece))
        except Exception as error:
            result.set_exception(error)
        return result

    def dismiss(self, at_once: bool) -> None:
        """End nothing."""


@contextmanager
def work_in_process() -> Iterator[None]:
    """Replace the pool of worker processes inside the block."""
    real = process_pool.ProcessPool
    process_pool.ProcessPool = InProcessPool  # type: ignore[assignment,misc]
    try:
        yield
    finally:
        process_pool.ProcessPool = real  # type: ignore[misc]


@contextmanager
def trace(*begins: str) -> Iterator[Walk]:
    """Count what these functions of ``feeds/pipeline.py`` call inside the block.

    Raises:
        SystemExit: none of them was called, or another process did some of the work.
    """
    tracer = Tracer(frozenset(begins))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        yield tracer.walk
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]  # it takes None, as sys.setprofile does
    if not tracer.begun:
        raise SystemExit(f"feeds/pipeline.py was not used: no call of {', '.join(sorted(begins))}")
    if resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime != before:
        raise SystemExit(
            "other processes did some of the work, which is not counted; the walk needs one job in-process"
        )


class FeedServer(ThreadingHTTPServer):
    """Serve a feed with ``entries`` entries on loopback while it is entered."""

    entries = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def authority(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FeedServer

    def do_GET(self) -> None:
        body = write_feed(self.server.entries)
        self.send_response(200)
        self.send_header("Content-Type", "application/atom+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:  # the base class prints every request
        pass


def write_feed(entries: int) -> bytes:
    """Return an Atom document with so many entries, the newest first."""
    numbers = range(entries, 0, -1)
    text = "".join(_ENTRY.format(number=number) for number in numbers)
    return _FEED.format(count=entries, entries=text).encode()


def build(folder: Path, text: str) -> None:
    """Build the project of a folder with this configuration.

    Raises:
        SystemExit: the build had problems.
    """
    path = folder / "feedd.toml"
    path.write_text(text, "utf-8")
    report = feeds.build(feeds.load_config(path), jobs=1)
    if report.compute_exit_code(strict=True):
        raise SystemExit(f"the build had problems: {report.as_dict()}")


def follow_document(folder: Path) -> Walk:
    """Count the way of a document with one new entry, from the poll to the store."""
    with FeedServer() as server:
        text = _SETTINGS + _UPSTREAM.format(authority=server.authority)
        for server.entries in (2, 3):
            build(folder, text)
        server.entries = 4
        with trace("ingest") as walk:
            build(folder, text)
    return walk


def write_post(folder: Path, number: int, text: str) -> None:
    """Write a post into the folder of posts."""
    (folder / "posts").mkdir(exist_ok=True)
    path = folder / "posts" / f"2024-05-0{number}-post.md"
    path.write_text(_POST.format(number=number, text=text), "utf-8")


def follow_post(folder: Path, *begins: str) -> Walk:
    """Count the way of a post whose text has changed; all of it, from its file to its documents, or a part."""
    for number in (1, 2, 3):
        write_post(folder, number, "eight")
    for text in ("nine", "ten"):
        build(folder, _SETTINGS + _FOLDER)
        write_post(folder, 2, text)
    # The frames of documents are cached, and those of the same second are equal.
    time.sleep(1 - time.time() % 1)
    with trace(*begins) as walk:
        build(folder, _SETTINGS + _FOLDER)
    return walk


def follow_all() -> dict[str, Walk]:
    """Take every walk, each in a temporary folder of its own."""
    with work_in_process(), ExitStack() as stack:
        folders = [Path(stack.enter_context(TemporaryDirectory(prefix="house-"))) for _ in range(3)]
        return {
            "document": follow_document(folders[0]),
            "post": follow_post(folders[1], "ingest", "publish"),
            "publish": follow_post(folders[2], "publish"),
        }
