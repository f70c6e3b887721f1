"""Slow documents and posts cost a bounded time, and hold up neither others nor the daemon."""

from __future__ import annotations

import resource
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT, Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

RULE = '[[identity]]\nname = "slow"\npattern = "/(?P<key>(?=x)x*x*x*x*x*x*x*x*x*y)"\n'
"""A pattern that RE2 cannot run; it never comes to an end with :data:`HANGING`."""
HANGING = "https://a.example/" + "x" * 400
LIMITS = "[limits]\nitem_seconds = {}\ndocument_seconds = {}\n"
MANY = 5000


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def set_limits(project: Project, item: int, document: int) -> None:
    text = project.config.read_text("utf-8")
    project.config.write_text(text + RULE + LIMITS.format(item, document), "utf-8")


def build_blog(count: int, name: str = "Hostile") -> bytes:
    return rss([(f"{name}{n}", f"{HANGING}{n}", f"{name} {n}") for n in range(count)])


def count_rejected(text: str, seconds: int) -> int:
    """Count the messages on posts and entries; the summary repeats the reasons."""
    lines = (line for line in text.splitlines() if "no feed: " not in line)
    return sum(f"takes longer than {seconds} seconds" in line for line in lines)


def build(project: Project) -> tuple[str, float]:
    """Return what a build prints, and its CPU time with that of its workers."""
    started = resource.getrusage(resource.RUSAGE_CHILDREN)
    # An interpreter of its own, whose time and that of its workers the system adds up.
    command = [sys.executable, "-m", "feeds", "build", "-j", "2", "-c", str(project.config)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run.returncode in (0, 1), run.stderr
    seconds = used.ru_utime + used.ru_stime - started.ru_utime - started.ru_stime
    return run.stdout + run.stderr, seconds


def test_many_hostile_entries_cost_the_budget_of_their_document_once(
    project: Project, upstream: UpstreamServer
) -> None:
    set_limits(project, 2, 8)
    upstream.routes["/feed"] = Answer(body=build_blog(MANY))
    upstream.routes["/good"] = Answer(body=rss([("g", "https://good.example/1", "Good")]))
    subscribe(project, upstream)
    subscribe(project, upstream, "/good", "good")
    text, _ = build(project)
    assert titles(project) == ["Good"]
    assert "more entries are left out, because other entries used the 8 seconds" in text
    assert "Hostile" in text
    upstream.routes["/feed"] = Answer(
        body=build_blog(MANY) + b"<!-- the bytes differ, the entries do not -->"
    )
    text, seconds = build(project)
    assert "more entries are left out" not in text
    assert seconds < 6, "the entries were tried again"


def test_other_limits_try_again_what_was_rejected(project: Project, upstream: UpstreamServer) -> None:
    set_limits(project, 1, 20)
    upstream.routes["/feed"] = Answer(body=build_blog(2), headers={"ETag": '"a"'})
    subscribe(project, upstream)
    bad = project.post("2024-01-03-bad.md", "Bad", link=HANGING)
    text, _ = build(project)
    assert count_rejected(text, 1) == 3
    bad.touch()
    text, _ = build(project)
    assert count_rejected(text, 1) == 1  # the stored verdict on the post
    project.set("item_seconds = 1", "item_seconds = 2")
    text, _ = build(project)
    assert count_rejected(text, 2) == 3


def test_a_touched_post_that_took_too_long_is_not_tried_again(project: Project) -> None:
    set_limits(project, 5, 15)
    bad = project.post("2024-01-03-bad.md", "Bad", link=HANGING)
    build(project)
    bad.touch()
    text, seconds = build(project)
    assert "takes longer than 5 seconds" in text
    assert seconds < 4


def test_the_daemon_answers_while_it_parses_a_hostile_document(
    project: Project, upstream: UpstreamServer
) -> None:
    set_limits(project, 2, 8)
    project.set("[output]", '[serve]\nlisten = "127.0.0.1:0"\n\n[output]')
    upstream.routes["/feed"] = Answer(body=build_blog(MANY))
    upstream.routes["/list"] = Answer(body=b"<opml><body>" + b"<outline text='" * 100_000)
    subscribe(project, upstream)
    running = Running(project, {})
    try:
        running.until(lambda: bool(running.events("serving")))
        address = running.events("serving")[0]["address"]
        seconds = []
        while not running.events("fetched"):
            started = time.perf_counter()
            with urllib.request.urlopen(f"{address}/healthz", timeout=10) as answer:
                assert answer.status == 200
            seconds.append(time.perf_counter() - started)
            assert len(seconds) < 4000
            time.sleep(0.01)
    finally:
        assert running.stop() == 0
    seconds.sort()
    print(
        f"{len(seconds)} answers, median {statistics.median(seconds) * 1000:.1f} ms, longest {seconds[-1] * 1000:.0f} ms"
    )
    assert len(seconds) > 100
    # The machine of a test may be busy, so a few answers may be late.
    assert seconds[int(len(seconds) * 0.98)] < 0.1


def test_a_slow_document_holds_up_no_other(project: Project, upstream: UpstreamServer) -> None:
    set_limits(project, 2, 8)
    upstream.routes["/feed"] = Answer(body=build_blog(100))
    subscribe(project, upstream)
    for name in ("good", "other"):
        upstream.routes[f"/{name}"] = Answer(body=rss([("g", f"https://{name}.example/1", name)]))
        subscribe(project, upstream, f"/{name}", name)
    running = Running(project, {})
    try:
        running.until(lambda: set(titles(project)) == {"good", "other"})
        assert not running.events("warning")
        running.until(lambda: "entries are left out" in str(running.events("warning")), 60)
    finally:
        assert running.stop() == 0


def test_the_daemon_stops_soon_while_an_item_hangs(project: Project) -> None:
    set_limits(project, 600, 3600)
    project.post("2024-01-01-p.md", "Post")
    running = Running(project, {})
    try:
        running.until(lambda: bool(running.events("ready")))
        project.post("2024-01-03-bad.md", "Bad", link=HANGING)
        time.sleep(2)
        started = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
        assert time.monotonic() - started < 10
        log = running.log.read_text("utf-8")
        assert "Traceback" not in log
        assert running.events("stopped")
        assert titles(project) == ["Post"]
    finally:
        running.process.kill()
        running.process.wait(10)
