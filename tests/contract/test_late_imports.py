"""Imports inside functions: the page lists all of them, and short runs load nothing that they do not use."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.house_figures import House
from benchmarks.late_imports import find_importers, read_page
from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamThread

PROBE = """
import json, sys
called, late = set(), set()
def note(frame, event, argument):
    if event == "call":
        name = frame.f_globals.get("__name__")
        if frame.f_code.co_name != "<module>":
            called.add(name)
        elif find_importer(frame.f_back) != "<module>":
            late.add(str(name))
    elif event == "c_call":
        called.add(getattr(argument, "__module__", None) or type(getattr(argument, "__self__", None)).__module__)
def find_importer(frame):
    while frame and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_name if frame else "<module>"
sys.setprofile(note)
from feeds.cli.main import main
code = main(sys.argv[2:])
sys.setprofile(None)
with open(sys.argv[1], "w") as file:
    found = {"loaded": list(sys.modules), "called": [str(name) for name in called], "late": list(late)}
    json.dump(found | {"code": code}, file)
"""
"""Runs the program; writes which modules were loaded, which by an import in a function, and which were called."""
LIBRARIES = {
    "anyascii", "anyio", "apscheduler", "asyncio", "brotli", "bs4", "certifi", "feedgen", "feedparser", "html.parser",
    "http.client", "httpcore", "httptools", "httpx", "idna", "jinja2", "liquid", "lxml", "msgspec", "multiprocessing", "nh3",
    "prometheus_client", "pypinyin", "pyromark", "re2", "rich", "shtab", "sniffio", "starlette", "tomlkit", "uvicorn",
    "uvloop", "watchfiles", "yaml", "zipfile", "zoneinfo", "zstandard",
}  # fmt: skip
"""What is slow to load, and needed by few runs."""


def run_build(project: Project) -> dict[str, set[str]]:
    """Build; return the modules that the main process loaded, loaded late, and called a function of."""
    report = project.folder / "report.json"
    command = [sys.executable, "-c", PROBE, str(report), "build", "-q", "-c", str(project.config)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(report.read_text())
    assert found.pop("code") == 0, done.stderr
    return {name: set(modules) for name, modules in found.items()}


def run_unchanged_build(project: Project) -> dict[str, set[str]]:
    """Build twice; return what the second build loaded and called."""
    for number in range(3):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    assert project.run("build").returncode == 0
    return run_build(project)


def test_the_page_lists_every_import_inside_a_function() -> None:
    assert read_page()[0] == find_importers(House(ROOT).modules), "run `make imports`"


def test_an_unchanged_build_uses_everything_that_it_imports_late(project: Project) -> None:
    found = run_unchanged_build(project)
    assert len(found["late"]) > 5
    assert [
        name
        for name in sorted(found["late"])
        if name.startswith("feeds.")
        and name != "feeds.api"  # its functions are those of other modules
        and not any(called == name or called.startswith(f"{name}.") for called in found["called"])
    ] == []


def test_an_unchanged_build_loads_no_library_but_what_its_settings_need(project: Project) -> None:
    """msgspec reads the configuration, re2 compiles its patterns, and the time zone of the site is looked up."""
    assert run_unchanged_build(project)["loaded"] & LIBRARIES == {"msgspec", "re2", "zoneinfo"}


def test_a_poll_with_a_new_entry_loads_no_parser_in_the_main_process(project: Project) -> None:
    """Only the worker processes parse; loading their modules takes longer than the poll."""
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        subscribe(project, upstream)
        loaded = run_build(project)["loaded"]
    assert titles(project) == ["One"]
    assert loaded & {"feedparser", "html.parser", "bs4", "nh3", "lxml"} == set()
    parsers = ("channel", "entry", "feed", "json_feed", "splitter")
    assert loaded & {f"feeds.parser.feeds.{name}" for name in parsers} == set()


def test_the_command_line_loads_only_what_every_command_needs() -> None:
    """`feedd --version` and `--help` are quick; each of these modules would take a fifth of their time or more."""
    code = "import feeds.cli.options, sys; print(*{'dataclasses', 'datetime', 'inspect', 'pathlib', 'shutil'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
                          capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    before = subprocess.run([sys.executable, "-I", "-c", code.replace("feeds.cli.options, ", "")],
                            capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
    assert set(done.stdout.split()) - set(before.stdout.split()) == set()
