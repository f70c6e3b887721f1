"""Bad surroundings: feedd says what is wrong and what to do, old feeds stay as they are, and it works again after."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project
from tests.rigs.faults import Faults, missing, wrong_in

SETPRIV = shutil.which("setpriv")
_NO_POWER = "-dac_override,-dac_read_search"


def limited(project: Project, *arguments: str, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run feedd as somebody whom permissions concern, within limits of the system."""

    def set_limits() -> None:
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))

    command = [sys.executable, "-m", "feeds", *arguments, "-c", str(project.config), "-j", "1"]
    if os.geteuid() == 0:
        if not SETPRIV:
            pytest.skip("root without setpriv: permissions are NOT tested")
        command = [SETPRIV, "--bounding-set", _NO_POWER, "--inh-caps", _NO_POWER, *command]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, preexec_fn=set_limits, timeout=120
    )


def clear(done: subprocess.CompletedProcess[str], code: int | tuple[int, ...], *words: str) -> None:
    """It ended with this code and said these words, without a traceback."""
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@pytest.fixture
def built(project: Project) -> Iterator[Project]:
    for number in range(4):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}", tags=f"t{number % 2}")
    assert project.run("build").returncode == 0
    yield project
    for folder, _, _ in os.walk(project.folder):
        os.chmod(folder, 0o755)


def finishes(project: Project, title: str) -> None:
    """The next run in good surroundings does the work."""
    assert project.run("build").returncode == 0
    assert title.encode() in project.bytes()["atom.xml"]
    assert not wrong_in(project.output)
    assert json.loads(project.run("build", "--json").stdout)["written"] == []


@pytest.mark.parametrize("place", ["", "tag/t1"])
def test_an_output_that_cannot_be_written(built: Project, place: str) -> None:
    before = built.bytes()
    built.post("2024-02-01-new.md", "Newer", tags="t1")
    (built.output / place).chmod(0o555)
    clear(limited(built, "build"), 1, "cannot be written", "permissions")
    now = {name: data for name, data in built.bytes().items() if ".feedd-tmp" not in name}
    assert now.keys() == before.keys()
    assert not wrong_in(built.output)
    if not place:
        assert now == before
    (built.output / place).chmod(0o755)
    finishes(built, "Newer")


def test_a_state_that_cannot_be_written(built: Project) -> None:
    before = built.snapshot()
    built.post("2024-02-01-new.md", "Newer")
    state = built.folder / "state"
    for mode, file_mode in ((0o555, 0o644), (0o755, 0o444), (0o000, 0o644)):
        (state / "feedd.db").chmod(file_mode)
        state.chmod(mode)
        clear(limited(built, "build"), 2, "permissions")
        assert built.snapshot() == before
        state.chmod(0o755)
        (state / "feedd.db").chmod(0o644)
    finishes(built, "Newer")


def test_a_first_run_where_nothing_can_be_written(project: Project) -> None:
    project.post("2024-01-01-p.md", "First")
    project.folder.chmod(0o555)
    clear(limited(project, "build"), 2, "cannot be written")
    done = project.run("check") if os.geteuid() else None
    assert done is None or done.returncode == 1
    project.folder.chmod(0o755)
    finishes(project, "First")


def test_posts_that_cannot_be_read_are_named_and_the_others_published(built: Project) -> None:
    secret = built.post("2024-02-01-new.md", "Newer")
    secret.chmod(0o000)
    built.post("2024-02-02-other.md", "Other")
    clear(limited(built, "build"), 1, secret.name, "Permission denied")
    assert b"Other" in built.bytes()["atom.xml"]
    secret.chmod(0o644)
    finishes(built, "Newer")


def test_a_folder_of_posts_that_cannot_be_read_takes_nothing_away(built: Project) -> None:
    before = built.snapshot()
    built.posts.chmod(0o000)
    clear(limited(built, "build"), (0, 1))
    built.posts.chmod(0o755)
    assert built.snapshot() == before


def test_one_folder_of_several_that_cannot_be_read_takes_nothing_away(built: Project) -> None:
    """Few enough posts are in it that their absence would be believed."""
    part = built.posts / "part"
    part.mkdir()
    for number in range(2):
        built.post(f"part/2024-02-0{number + 1}-q.md", f"Part {number}")
    assert built.run("build").returncode == 0
    before = built.snapshot()
    part.chmod(0o000)
    clear(limited(built, "build"), (0, 1), "cannot be read")
    part.chmod(0o755)
    assert built.snapshot() == before
    assert json.loads(built.run("build", "--json").stdout)["written"] == []


def test_what_is_no_file_is_not_waited_for(built: Project) -> None:
    """A pipe that nobody writes to, a link into nowhere, a link out of the folder."""
    os.mkfifo(built.posts / "pipe.md")
    (built.posts / "nowhere.md").symlink_to(built.posts / "missing.md")
    outside = built.folder / "outside.md"
    outside.write_text('---\ntitle: "Secret"\ndate: 2024-01-01\n---\nsecret\n', "utf-8")
    (built.posts / "out.md").symlink_to(outside)
    (built.posts / "up").symlink_to(built.folder)
    (built.posts / "loop").symlink_to(built.posts)
    built.post("2024-02-01-new.md", "Newer")
    clear(limited(built, "build"), 1, "out.md", "nowhere.md")
    assert b"Newer" in built.bytes()["atom.xml"]
    assert b"secret" not in b"".join(built.bytes().values())


def test_a_configuration_that_cannot_be_read(built: Project) -> None:
    built.config.chmod(0o000)
    clear(limited(built, "build"), 2, str(built.config))
    built.config.chmod(0o644)


@pytest.mark.parametrize("size", [0, 20_000])
def test_a_limit_of_file_size(built: Project, size: int) -> None:
    for number in range(40):
        built.post(f"2024-03-01-n{number}.md", f"Newer {number}", "Long text. " * 300, tags=f"n{number}")
    clear(limited(built, "build", FSIZE=size), (1, 2), "cannot be")
    assert not wrong_in(built.output)
    finishes(built, "Newer 39")


@pytest.mark.parametrize("most", [8, 20])
def test_a_limit_of_descriptors(built: Project, most: int) -> None:
    """Few are needed: where they suffice it works, where not it says so."""
    built.post("2024-02-01-new.md", "Newer")
    done = limited(built, "build", NOFILE=most)
    assert done.returncode in (0, 1, 2), done.stderr
    assert not wrong_in(built.output)
    if most >= 20:
        clear(done, (0, 1, 2))
    finishes(built, "Newer")


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """A real file system of three megabytes; needs the right to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("no file system can be mounted here: a full disk is tested by injected errors only")
    try:
        project = Project(disk)
        project.post("2024-01-01-p.md", "First")
        assert project.run("build").returncode == 0
        ballast = disk / "ballast"
        for number in range(60):
            project.post(
                f"2024-03-01-n{number}.md", f"Newer {number}", "Long text. " * 200, tags=f"n{number}"
            )
        for left in (20_000, 200_000, 400_000):
            ballast.unlink(missing_ok=True)
            room = shutil.disk_usage(disk).free
            ballast.write_bytes(bytes(max(0, room - left)))
            clear(project.run("build"), (1, 2), "space")
            assert not wrong_in(project.output)
        ballast.unlink()
        (project.folder / "state" / "ballast").unlink(missing_ok=True)
        project.set('dir = "output"', f'dir = "{tmp_path / "roomy"}"')
        project.output = tmp_path / "roomy"
        finishes(project, "Newer 59")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_output_and_store_in_the_way_of_themselves(built: Project) -> None:
    """A file where a folder has to be, and a folder where a file has to be."""
    before = built.bytes()
    built.post("2024-02-01-new.md", "Newer", tags="inway")
    (built.output / "tag" / "inway").write_text("a file of mine")
    clear(built.run("build"), 1, "inway")
    assert (built.output / "tag" / "inway").read_text() == "a file of mine"
    (built.output / "tag" / "inway").unlink()
    finishes(built, "Newer")
    shutil.rmtree(built.folder / "state")
    (built.folder / "state" / "feedd.db").mkdir(parents=True)
    clear(built.run("build"), 2, "feedd.db")
    assert before.keys() <= built.bytes().keys()


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_a_clock_that_goes_back_a_year_and_forth(project: Project, tmp_path: Path) -> None:
    year, now = 31_536_000, 1_750_000_000
    for number in range(3):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with Faults(scratch) as faults:

        def build(clock: int) -> dict[str, bytes]:
            done = faults.run(project.folder, "build", "-c", str(project.config), "-j", "1", clock=clock)
            assert done.code == 0, done.text
            assert not wrong_in(project.output)
            return project.bytes()

        first = build(now)
        for clock in (now - year, now + year, now - 20 * year, now):
            assert build(clock) == first, clock
        project.post("2024-01-02-p.md", "Post 1, edited")
        ahead = build(now + year)
        project.post("2024-01-03-p.md", "Post 2, edited in the past")
        back = build(now - year)
    updated = b"<updated>2026-06-15"
    assert updated in ahead["atom.xml"]
    assert updated in back["atom.xml"], "what was told is never taken back"


def _many(project: Project, count: int, *arguments: str) -> list[tuple[int, str]]:
    command = [sys.executable, "-m", "feeds", *arguments, "-c", str(project.config)]
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    running = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(count)]
    return [
        (one.returncode, text) for one, (_, text) in [(one, one.communicate(timeout=120)) for one in running]
    ]


@pytest.mark.parametrize("count", [4])
def test_first_runs_at_once(project: Project, count: int) -> None:
    for number in range(5):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}")
    ended = _many(project, count, "build")
    assert {code for code, _ in ended} <= {0, 75}
    assert sum(code == 0 for code, _ in ended) >= 1
    assert all("try again" in text for code, text in ended if code == 75)
    finishes(project, "Post 4")


def test_commands_that_change_the_configuration_at_once(built: Project) -> None:
    lists = []
    for number in range(3):
        lists.append(built.folder / f"list{number}.opml")
        outline = f"<outline type='rss' text='u{number}' xmlUrl='https://u{number}.example/f'/>"
        lists[-1].write_text(f"<opml version='2.0'><body>{outline}</body></opml>", "utf-8")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "feeds", "import", str(one), "-c", str(built.config)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for one in lists
    ]
    for one in running:
        _, text = one.communicate(timeout=60)
        assert "Traceback" not in text
    text = built.config.read_text("utf-8")
    assert [number for number in range(3) if f"u{number}.example" not in text] == []


def test_a_file_from_the_far_future_or_past_is_read_like_any_other(project: Project) -> None:
    for number, time in enumerate((2**62 // 10**6, -(2**62) // 10**6, 0)):
        try:
            os.utime(project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}"), (time, time))
        except OSError:
            pytest.skip("this file system keeps no such time")
    for _ in range(2):
        result = project.run("build", "--json")
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout)["published"] == 3
    (project.posts / "2024-01-01-p.md").write_text("---\ntitle: New\ndate: 2024-01-01\n---\nx\n", "utf-8")
    assert json.loads(project.run("build", "--json").stdout)["changed"] == 1
