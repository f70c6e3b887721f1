"""The daemon as its operator meets it: a subprocess that watches, asks, publishes and stops."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamThread


class Running:
    """A daemon that runs; its events are read from its log."""

    def __init__(
        self,
        project: Project,
        environment: dict[str, str],
        speed: float = 1,
        deadline: float | None = None,
    ) -> None:
        self.log = project.folder / "log"
        program = ["-m", "feeds", "-c", str(project.config), "--log-format", "json", "-j", "1"]
        if speed > 1 or deadline is not None:
            program = ["-m", "tests.rigs.fast_daemon", str(project.config), str(time.time()), str(speed)]
            program += [] if deadline is None else [str(deadline)]
        command = [sys.executable, *program]
        with self.log.open("w") as out:
            self.process = subprocess.Popen(command, stderr=out, cwd=ROOT, env=os.environ | environment)

    def events(self, name: str = "") -> list[dict[str, object]]:
        lines = self.log.read_text("utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [event for event in found if name in ("", event["event"])]

    def until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < end, self.log.read_text("utf-8")
            time.sleep(0.02)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(15)
        assert "Traceback" not in self.log.read_text("utf-8")
        return code


Start = Callable[..., Running]


@pytest.fixture
def start(project: Project) -> Iterator[Start]:
    running: list[Running] = []

    def begin(*, speed: int = 1, **environment: str) -> Running:
        daemon = Running(project, environment, speed)
        running.append(daemon)
        daemon.until(lambda: bool(daemon.events("ready")))
        return daemon

    yield begin
    for daemon in running:
        daemon.process.kill()
        daemon.process.wait(10)


def test_a_saved_file_is_published_and_an_order_to_stop_leaves_a_whole_tree(
    project: Project, start: Start
) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    assert titles(project) == ["First"]
    project.post("2024-01-02-b.md", "Second", date="2024-01-02 09:00:00")
    daemon.until(lambda: titles(project) == ["First", "Second"])
    assert daemon.stop() == 0
    before = project.snapshot()
    assert daemon.events("stopped")
    built = json.loads(project.run("build", "--json").stdout)
    assert built["written"] == []
    assert project.snapshot() == before


def test_a_folder_that_appears_and_an_edit_are_noticed(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    other = project.folder / "elsewhere"
    other.mkdir()
    (other / "2024-01-03-c.md").write_text('---\ntitle: "Moved in"\ndate: 2024-01-03\n---\nText.\n', "utf-8")
    other.rename(project.posts / "sub")
    daemon.until(lambda: "Moved in" in titles(project))
    project.post("2024-01-01-a.md", "First, edited")
    daemon.until(lambda: titles(project) == ["First, edited", "Moved in"])


def test_a_folder_that_is_replaced_is_watched_again(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    site = project.posts.parent
    site.rename(project.folder / "old")
    daemon.until(lambda: any("no such folder" in str(one["error"]) for one in daemon.events("warning")))
    assert titles(project) == ["First"]
    project.posts.mkdir(parents=True)
    project.post("2024-01-01-a.md", "First")
    project.post("2024-01-02-b.md", "Second", date="2024-01-02 09:00:00")
    daemon.until(lambda: titles(project) == ["First", "Second"])
    project.post("2024-01-03-c.md", "Third", date="2024-01-03 09:00:00")
    daemon.until(lambda: titles(project) == ["First", "Second", "Third"])


def test_an_output_folder_that_is_taken_away_comes_back_whole(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    before = project.bytes()
    shutil.rmtree(project.output)
    project.post("2024-01-02-b.md", "Second", date="2024-01-02 09:00:00")
    daemon.until(lambda: titles(project) == ["First", "Second"])
    daemon.until(lambda: before.keys() <= project.bytes().keys())
    assert daemon.stop() == 0
    assert project.run("validate").returncode == 0


def test_output_that_cannot_be_written_is_tried_again(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start(speed=20)
    aside = project.output.with_name("aside")
    project.output.rename(aside)
    project.output.write_text("in the way", "utf-8")
    project.post("2024-01-02-b.md", "Second", date="2024-01-02 09:00:00")
    daemon.until(lambda: bool(daemon.events("warning")))
    assert "cannot be written" in str(daemon.events("warning")[0]["error"])
    project.output.unlink()
    aside.rename(project.output)
    daemon.until(lambda: titles(project) == ["First", "Second"])
    assert daemon.stop() == 0


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_is_taken_away_ends_it_with_a_word(
    project: Project, start: Start, replaced: bool
) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    store = project.folder / "state" / "feedd.db"
    copy = store.with_name("copy")
    shutil.copy(store, copy)
    if replaced:
        copy.replace(store)
    else:
        store.unlink()
    assert daemon.process.wait(15) == 2
    assert "moved or replaced" in daemon.log.read_text("utf-8")
    assert "Traceback" not in daemon.log.read_text("utf-8")


def test_another_one_says_so_while_looking_is_possible(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    start()
    assert project.run("build").returncode == 75
    second = subprocess.run(
        [sys.executable, "-m", "feeds", "-c", str(project.config)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=30,
    )
    assert second.returncode == 75
    assert "another feedd" in second.stderr
    assert project.run("status").returncode == 0
    assert project.run("explain", "_posts/2024-01-01-a.md").returncode == 0


def test_a_broken_configuration_is_refused_and_a_right_one_taken_over(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    daemon = start()
    whole = project.config.read_text("utf-8")
    project.config.write_text(whole + "\nnonsense = 1\n", "utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: bool(daemon.events("reload_refused")))
    project.post("2024-01-02-b.md", "Second")
    daemon.until(lambda: titles(project) == ["First", "Second"])
    assert len(daemon.events("ready")) == 1
    project.config.write_text(whole.replace('title = "Test site"', 'title = "Renamed"'), "utf-8")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.until(lambda: b">Renamed<" in (project.output / "atom.xml").read_bytes())
    assert daemon.stop() == 0


def test_a_post_is_withdrawn_and_a_file_removed_while_it_runs(project: Project, start: Start) -> None:
    for number in range(3):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    running = start()
    running.until(lambda: bool(running.events("ready")))
    withdrawn = project.run("withdraw", "2024-01-01-p.md").stdout
    assert withdrawn == '"Post 0" will be unpublished by the running daemon within a second\n'
    running.until(lambda: titles(project) == ["Post 1", "Post 2"])
    assert project.run("withdraw", "--undo", "2024-01-01-p.md").returncode == 0
    running.until(lambda: titles(project) == ["Post 0", "Post 1", "Post 2"])
    (project.posts / "2024-01-02-p.md").unlink()
    running.until(lambda: titles(project) == ["Post 0", "Post 2"])
    assert running.stop() == 0
    assert "withdrawn" not in project.ledger()


def test_upstreams_are_asked_when_they_are_due_and_not_before(project: Project, start: Start) -> None:
    with UpstreamThread() as upstream:
        answer = Answer(body=rss([("1", "https://blog.example/1", "One")]), headers={"ETag": '"a"'})
        upstream.routes["/feed"] = answer
        subscribe(project, upstream)
        daemon = start()
        daemon.until(lambda: titles(project) == ["One"])
        assert daemon.stop() == 0
        again = start()
        time.sleep(1.5)
        assert len(upstream.log) == 1
        assert again.stop() == 0


def test_a_host_that_asked_to_be_left_alone_is_even_after_a_crash(project: Project, start: Start) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/busy"] = Answer(429, headers={"Retry-After": "3600"})
        subscribe(project, upstream, "/busy", "busy")
        daemon = start()
        daemon.until(lambda: bool(daemon.events("fetched")))
        time.sleep(0.3)
        daemon.process.kill()
        daemon.process.wait(10)
        upstream.routes["/other"] = Answer(body=rss([]))
        subscribe(project, upstream, "/other", "other")
        project.set('group = "other"', 'group = "busy"')
        again = start()
        again.until(lambda: bool(again.events("fetched")))
        assert upstream.asked("/other") == []
        assert len(upstream.asked("/busy")) == 1


def test_a_slow_upstream_does_not_hold_up_the_stop(project: Project, start: Start) -> None:
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(body=rss([]), delay=25)
        subscribe(project, upstream)
        daemon = start()
        daemon.until(lambda: bool(upstream.log))
        begun = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - begun < 10


def test_a_supervisor_is_told(project: Project, start: Start, tmp_path: Path) -> None:
    project.post("2024-01-01-a.md", "First")
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(address))
        channel.settimeout(10)
        daemon = start(NOTIFY_SOCKET=str(address), WATCHDOG_USEC="400000")
        told = []
        while not any(line.startswith("WATCHDOG=1") for line in told):
            told += channel.recv(4096).decode().split("\n")
        assert "READY=1" in told
        assert any(line.startswith("STATUS=") for line in told)
        daemon.stop()
        while "STOPPING=1" not in told:
            told += channel.recv(4096).decode().split("\n")


def test_an_order_to_stop_is_followed_in_the_first_reading(project: Project) -> None:
    for number in range(400):
        project.post(f"2024-01-01-{number}.md", f"Post {number}", body="Words. " * 2000)
    daemon = Running(project, {})
    daemon.until((project.folder / "state" / "feedd.db").exists)
    begun = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begun < 12
    assert daemon.events("stopped")
    again = json.loads(project.run("build", "--json").stdout)
    assert again["published"] == 400
    assert project.run("validate").returncode == 0


def test_a_build_writes_what_the_daemon_wrote(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First")
    with UpstreamThread() as upstream:
        entries = [(str(n), f"https://blog.example/{n}", f"Entry {n}") for n in range(1, 9)]
        upstream.routes["/feed"] = Answer(body=rss(entries[:5]), headers={"ETag": '"a"'})
        subscribe(project, upstream)
        daemon = start()
        daemon.until(lambda: len(titles(project)) == 6)
        project.post("2024-01-02-b.md", "Second", tags="science")
        project.post("2024-01-01-a.md", "First, edited", categories="other")
        daemon.until(lambda: "Second" in titles(project) and "First, edited" in titles(project))
        assert daemon.stop() == 0
    written = project.bytes()
    shutil.rmtree(project.output)
    assert project.run("build", "--offline").returncode == 0
    built = project.bytes()
    assert {name for name in built if built[name] != written.get(name)} == set()
    assert written.keys() == built.keys()


def test_credentials_go_to_their_host_and_nowhere_else(project: Project, start: Start) -> None:
    secret = base64.b64encode(b"user:hunter2").decode()
    with UpstreamThread() as upstream, UpstreamThread() as other:
        other.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        upstream.routes["/feed"] = Answer(302, headers={"Location": other.url("/feed")})
        subscribe(project, upstream, more='auth = "env:FEEDD_TEST_AUTH"')
        project.set(
            f'allow = ["{upstream.authority}"]', f'allow = ["{upstream.authority}", "{other.authority}"]'
        )
        daemon = start(FEEDD_TEST_AUTH="user:hunter2")
        daemon.until(lambda: titles(project) == ["One"])
        assert daemon.stop() == 0
    assert upstream.log[0].headers["authorization"] == f"Basic {secret}"
    assert "authorization" not in other.log[0].headers
    files = [daemon.log, *(path for path in project.folder.rglob("*") if path.is_file())]
    told = b"".join(path.read_bytes() for path in files)
    assert b"hunter2" not in told
    assert secret.encode() not in told


def test_other_commands_work_beside_it(project: Project, start: Start) -> None:
    project.post("2024-01-01-a.md", "First", date="2024-01-01 00:00:00 +0800")
    with UpstreamThread() as upstream:
        upstream.routes["/feed"] = Answer(body=rss([("1", "https://blog.example/1", "One")]))
        daemon = start()
        added = project.run("add", upstream.url("/feed"), "--allow", upstream.authority)
        assert added.returncode == 0, added.stderr
        daemon.until(lambda: titles(project) == ["First", "One"])
        for command in (("status",), ("check",), ("lint",), ("validate",), ("export",)):
            assert project.run(*command).returncode == 0, command
        assert project.run("explain", "https://blog.example/1").returncode == 0
        assert daemon.stop() == 0
