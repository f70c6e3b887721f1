"""Every hostile upstream of the menu in one daemon, beside well-behaved ones that must not notice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.acceptance.test_hostile_upstreams import Menu
from tests.conftest import Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.ingest.test_upstreams import rss
from tests.rigs.servers import UpstreamThread, conditional

pytestmark = [pytest.mark.acceptance, pytest.mark.stress]

_SECONDS = 75
_GOOD = 20
_EVERY = 60
_JITTER = _EVERY / 20
_NOTED_LATE = {"/bad/no-response", "/bad/stall"}
"""The menu notes a request when it has ended, and these it holds for ten minutes."""


@pytest.fixture
def menu(shared: Path, tmp_path: Path) -> Iterator[Menu]:
    menu = Menu(shared / "tools" / "hostile_server.py", tmp_path)
    yield menu
    menu.process.terminate()
    menu.process.wait(10)


def _source(name: str, url: str, authority: str, more: str) -> str:
    return (
        f'[[sources]]\nname = "{name}"\nkind = "upstream"\nurl = "{url}"\nallow = ["{authority}"]\n'
        f'group = "{name}"\n{more}\n'
    )


def test_all_of_them_in_one_daemon(project: Project, menu: Menu) -> None:
    beside = {path for path in project.folder.rglob("*") if path.is_file()}
    with UpstreamThread() as server:
        sources = ""
        for number in range(_GOOD):
            body = rss([(f"g{number}", f"https://g.example/{number}", f"Good {number}")])
            server.routes[f"/{number}"] = conditional(body, '"g"')
            sources += _source(
                f"good-{number}", server.url(f"/{number}"), server.authority, f'every = "{_EVERY}s"'
            )
        for path in menu.paths:
            request = menu.request(path)
            name = path.strip("/").replace("/", "-")
            more = 'auth = "env:FEEDD_TEST_AUTH"' if request.auth else ""
            sources += _source(name, request.url, request.allow[0], more)
        project.set("[[identity]]", sources + "[[identity]]")
        daemon = Running(project, {"FEEDD_TEST_AUTH": "user:pass"})
        try:
            daemon.until(lambda: bool(daemon.events("ready")), 60)
            end = time.monotonic() + _SECONDS
            daemon.until(lambda: time.monotonic() > end, _SECONDS + 10)
            status = Path(f"/proc/{daemon.process.pid}/status").read_text()
            begun = time.monotonic()
            assert daemon.stop(signal.SIGTERM) == 0
            stopped = time.monotonic() - begun
        finally:
            daemon.process.kill()
            daemon.process.wait(10)
        asked = [[one.at for one in server.asked(f"/{number}")] for number in range(_GOOD)]
    print(f"peak {int(status.partition('VmHWM:')[2].split()[0]) // 1024} MB, stopped in {stopped:.1f} s")
    assert stopped < 10
    # The good ones are asked when they are due, however busy the others keep the daemon.
    gaps = [b - a for times in asked for a, b in pairwise(times)]
    assert all(asked)
    assert max(gaps) < _EVERY + _JITTER + 1
    requests = menu.requests()
    assert {one["listener"] for one in requests} == {"main"}
    assert {one["path"] for one in requests} >= set(menu.paths) - _NOTED_LATE
    allowed = (project.output, project.folder / "state")
    new = {path for path in project.folder.rglob("*") if path.is_file()} - beside - {daemon.log, menu.log}
    assert [path for path in new if not any(path.is_relative_to(one) for one in allowed)] == []
    checked = project.run("validate")
    assert checked.returncode == 0, checked.stdout[-2000:]
