"""The deadline of a piece of work: the item that hangs is rejected and named, and nothing else is lost."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from feeds.errors import DeadlineExceeded
from feeds.workers.task_types import TaskKind
from feeds.workers.workers import Workers
from tests.conftest import ROOT, Project
from tests.integration.daemon.test_daemon import Running
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

DEADLINE = 3.0
"""Long enough for a worker that loads its libraries on a busy machine."""
HANGING = "https://a.example/" + "x" * 400
"""An address with which :data:`RULE`, which RE2 cannot run, never comes to an end."""
RULE = '[[identity]]\nname = "slow"\npattern = "/(?P<key>(?=x)x*x*x*x*x*x*x*x*x*y)"\n'
PROGRAM = """
import json, sys
from feeds.builder import build
from feeds.config import load_config
report = build(load_config(sys.argv[1]), jobs=int(sys.argv[2]), deadline=float(sys.argv[3]))
print(json.dumps(report.as_dict()))
"""
"""Without the guard for the main module that programs with processes often need."""


def sleep() -> None:
    time.sleep(600)


def spin() -> None:
    while True:
        pass


def match() -> None:
    """The library's C code neither lets other threads run nor comes back."""
    re.fullmatch("(a|a)*b", "a" * 60)


HANGS = {"sleep": sleep, "spin": spin, "match": match}


def work(piece: Sequence[str]) -> list[str]:
    for item in piece:
        if item in HANGS:
            HANGS[item]()
    return [item[:20] for item in piece]


WORK = TaskKind(
    work, lambda piece: [[item] for item in piece], lambda piece, why: [f"{piece[0]} rejected: {why}"]
)


@pytest.mark.parametrize(("hang", "processes"), [("sleep", 1), ("spin", 2), ("match", 1), ("match", 2)])
def test_only_the_item_that_hangs_is_rejected(hang: str, processes: int) -> None:
    large = "large" * 200_000  # more than a pipe holds
    pieces = [["a", hang, "b"], [large, "c"], [large, "d"], ["e"], [hang], ["f", "g"], [large]]
    with Workers(processes, str, "", 2) as workers:
        found = list(workers.process(WORK, pieces))
        assert list(workers.process(WORK, [["again"]])) == [["again"]]
    rejected = f"{hang} rejected: takes longer than 2 seconds to process; shorten it or simplify its markup"
    short = large[:20]
    assert found == [
        ["a", rejected, "b"], [short, "c"], [short, "d"], ["e"], [rejected], ["f", "g"], [short],
    ]  # fmt: skip


def test_items_that_hang_share_a_budget_and_the_rest_is_rejected_with_a_reason() -> None:
    pieces = [["a", "spin", "b"], ["spin", "spin"], ["c"], *[["spin"]] * 900, ["d"] * 200, ["e"]]
    with Workers(1, str, "", 0.3, budget=0.8) as workers:
        found = list(workers.process(WORK, pieces))
    assert len(found) == len(pieces)
    assert found[0][0] == "a"
    assert "spin rejected: takes longer than 0.3 seconds" in found[0][1]
    spent = [one for results in found for one in results if "used the 0.8 seconds" in one]
    assert 850 < len(spent) <= 1101
    assert found[-1] == ["e"]  # the next thousand has a budget of its own


def test_a_call_that_hangs_is_an_error_and_the_next_is_done() -> None:
    with Workers(1, str, "", 2) as workers:
        with pytest.raises(DeadlineExceeded, match="takes longer than"):
            workers.run(match)
        assert workers.run(max, 1, 2) == 2


def test_time_between_pieces_of_work_does_not_count() -> None:
    with Workers(1, str, "", 2) as workers:
        assert workers.run(max, 1, 2) == 2
        time.sleep(3)
        assert workers.run(max, 1, 2) == 2


@pytest.fixture
def slow(project: Project) -> Project:
    """A project with a rule that never comes to an end with some posts."""
    project.config.write_text(project.config.read_text("utf-8") + RULE, "utf-8")
    return project


def build(project: Project, processes: int) -> dict[str, list[dict[str, str]]]:
    program = project.folder / "program.py"
    program.write_text(PROGRAM, "utf-8")
    command = [sys.executable, str(program), str(project.config), str(processes), str(DEADLINE)]
    run = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_post_that_hangs_is_rejected_and_all_others_are_published(slow: Project, processes: int) -> None:
    for number in range(5):
        slow.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    bad = slow.post("2024-01-03-bad.md", "Bad", link=HANGING)
    report = build(slow, processes)
    (rejected,) = report["rejected"]
    assert rejected["path"] == str(bad)
    assert rejected["reason"].startswith("takes longer than 3 seconds to process")
    assert titles(slow) == [f"Post {number}" for number in range(5)]
    explained = slow.run("explain", str(bad))
    assert "takes longer than 3 seconds" in explained.stdout + explained.stderr
    slow.post("2024-01-06-p.md", "Post 5")
    assert build(slow, processes)["rejected"] == [rejected]
    assert "Post 5" in titles(slow)
    slow.post("2024-01-03-bad.md", "Mended")
    assert build(slow, processes)["rejected"] == []
    assert "Mended" in titles(slow)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def blog(count: int, bad: Sequence[int]) -> bytes:
    return rss(
        [
            (str(n), HANGING + str(n) if n in bad else f"https://blog.example/{n}", f"Entry {n}")
            for n in range(1, count + 1)
        ]
    )


def name_entries(report: dict[str, Any]) -> list[str]:
    """The troubles of entries; that the pattern of these tests may be slow is another one."""
    return [str(one) for one in report["troubles"] if "may be slow" not in str(one)]


def test_an_entry_that_hangs_is_left_out_and_all_others_are_published(
    slow: Project, upstream: UpstreamServer
) -> None:
    slow.post("2024-01-01-p.md", "Post")
    upstream.routes["/feed"] = Answer(body=blog(4, [2]))
    subscribe(slow, upstream)
    (trouble,) = name_entries(build(slow, 1))
    assert trouble == (
        "source blog: entry 'Entry 2': takes longer than 3 seconds to process; "
        "shorten it or simplify its markup; it is left out"
    )
    assert titles(slow) == ["Entry 1", "Entry 3", "Entry 4", "Post"]
    upstream.routes["/feed"] = Answer(body=blog(5, [2]))
    assert name_entries(build(slow, 1)) == []  # it is known, and not tried again
    assert "Entry 5" in titles(slow)


def test_many_entries_that_hang_hold_nobody_up_for_ever(slow: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=blog(6, range(3, 6)))
    upstream.routes["/other"] = Answer(body=rss([("o", "https://other.example/1", "Other")]))
    subscribe(slow, upstream)
    subscribe(slow, upstream, "/other", "other")
    troubles = name_entries(build(slow, 1))
    assert sum("takes longer than" in one for one in troubles) == 3
    assert titles(slow) == ["Entry 1", "Entry 2", "Entry 6", "Other"]
    assert name_entries(build(slow, 1)) == []


def test_a_post_that_hangs_when_it_is_rendered_is_left_out_alone(
    project: Project, upstream: UpstreamServer
) -> None:
    (project.folder / "look").mkdir()
    loop = "{% for a in range(99999) %}" * 2 + "{% endfor %}" * 2
    teaser = "<p>{% if 'hangs' in entry.title %}" + loop + "{% endif %}{{ entry.title }}</p>\n"
    (project.folder / "look" / "teaser.html").write_text(teaser, "utf-8")
    project.set("[output]", '[output]\ntemplates = "look"')
    upstream.routes["/feed"] = Answer(
        body=rss([("1", "https://blog.example/1", "Entry"), ("2", "https://blog.example/2", "It hangs")])
    )
    subscribe(project, upstream)
    project.post("2024-01-01-a.md", "One")
    bad = project.post("2024-01-02-b.md", "This hangs")
    project.post("2024-01-03-c.md", "Two")
    report = build(project, 2)
    assert [one["path"] for one in report["rejected"]] == ["_posts/2024-01-02-b.md"]
    (trouble,) = report["troubles"]
    assert str(trouble).startswith("source blog: https://blog.example/2: takes longer than 3 seconds")
    assert titles(project) == ["Entry", "One", "Two"]
    assert "takes longer than 3 seconds" in project.run("explain", str(bad)).stdout
    assert "takes longer than 3 seconds" in project.run("explain", "https://blog.example/2").stdout


def test_the_daemon_goes_on_after_a_post_that_hangs(slow: Project) -> None:
    slow.post("2024-01-01-p.md", "Post")
    running = Running(slow, {}, deadline=DEADLINE)
    try:
        running.until(lambda: bool(running.events("ready")))
        bad = slow.post("2024-01-03-bad.md", "Bad", link=HANGING)
        running.until(lambda: bool(running.events("rejected")))
        (event,) = running.events("rejected")
        assert event["file"] == str(bad.relative_to(slow.folder / "site"))
        assert "takes longer than 3 seconds" in str(event["reason"])
        slow.post("2024-01-04-p.md", "Next")
        running.until(lambda: "Next" in titles(slow))
    finally:
        code = running.stop()
    assert code == 0
