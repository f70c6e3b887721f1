"""The program as somebody meets it for the first time: clear words, right exit codes, never a traceback."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, feedd


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bild",), "unknown command 'bild'; did you mean 'build'?"),
        (("xyzzy",), "unknown command 'xyzzy'; see `feedd --help`"),
        (("--log-format", "jsn"), "invalid --log-format 'jsn': expected text or json; did you mean 'json'?"),
        (("--verbos-e",), "unknown option '--verbos-e'; did you mean '--verbose'?"),
        (("completion", "bsh"), "expected bash, zsh or fish; did you mean 'bash'?"),
        (("build", "--jsn"), "unknown option '--jsn'; did you mean '--json'?"),
        (("build", "--dryrun=x"), "did you mean '--dry-run'?"),
        (("build", "extra"), "unexpected argument 'extra'"),
        (("build", "-j", "x"), "invalid --jobs 'x': expected a whole number, 0 = automatic"),
        (("build", "-j", "-1"), "expected a whole number"),
        (("backfill", "a", "--pages", "x"), "invalid --pages 'x': expected a whole number"),
        (("-c", "{folder}", "build"), "cannot be read"),
        (("-c", "{folder}/nowhere.toml", "build"), "feedd init"),
        (("init", "{folder}/file"), "choose another folder"),
        (("init", "{folder}/file/below"), "choose another folder"),
        (("init", "{folder}", "--from", "{folder}/nowhere.opml"), "nowhere.opml"),
        (("validate", "{folder}/nowhere"), "no such file"),
        (("validate", "-c", "{config}"), "output"),
        (("status", "-c", "{config}"), "feedd build"),
        (("explain", "x", "-c", "{config}"), "feedd build"),
        (("lint", "-c", "{config}", "{folder}/elsewhere"), "not in any source folder of the configuration"),
        (("lint", "-c", "{config}", "{folder}/site/nowhere"), "no such file"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_to_do(
    project: Project, arguments: tuple[str, ...], says: str
) -> None:
    (project.folder / "file").write_text("x")
    done = feedd(*(one.format(folder=project.folder, config=project.config) for one in arguments))
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_command_that_reports_does_so_in_json(project: Project) -> None:
    project.post("2024-01-01-a.md", 'say "yes"')
    (project.posts / "2024-01-02-b.md").write_text("no header\n")
    built = json.loads(project.run("build", "--json").stdout)
    assert {"read", "new", "changed", "unchanged", "repaired", "rejected", "written", "seconds"} <= set(built)
    for verb, wanted in (
        (("check",), {"mistakes"}),
        (("status",), {"sources", "posts", "feeds", "documents"}),
        (("explain", "2024-01-01-a.md"), {"id", "title", "keys", "sightings", "feeds", "aliases"}),
    ):
        assert wanted <= set(json.loads(project.run(*verb, "--json").stdout))
    lint = json.loads(project.run("lint", "--json").stdout)
    assert {one["rule"] for one in lint} >= {"unescaped-quote", "ignored"}
    assert json.loads(project.run("validate", "--json").stdout) == []
    made = json.loads(feedd("init", str(project.folder / "new"), "--json").stdout)
    assert [Path(one).name for one in made["wrote"]] == ["feedd.toml", "2024-01-01-welcome.md"]


def test_the_summary_has_every_figure_and_each_rejected_file(project: Project) -> None:
    project.post("2024-01-01-a.md", 'say "yes"')
    (project.posts / "2024-01-02-b.md").write_text("no header\n")
    (project.posts / "2024-01-03-c.md").write_bytes(b"\0" * 500)
    done = project.run("build")
    assert done.returncode == 1
    assert "1 source: 3 files read\n" in done.stdout
    assert (
        "posts: 1 new, 0 changed, 0 removed, 1 repaired, 0 merged, 0 unpublished, 1 ignored, 1 rejected\n"
    ) in done.stdout
    assert "\n1 post in 3 feeds\n" in done.stdout
    assert "documents" in done.stdout
    assert " s\n" in done.stdout
    assert "2024-01-03-c.md: not a text file" in done.stderr
    assert "%|" not in done.stderr  # no bar in a pipe


def test_a_terminal_sees_a_bar(project: Project) -> None:
    for number in range(30):
        project.post(f"2024-01-01-p{number}.md", f"Post {number}")
    here, there = pty.openpty()
    termios.tcsetwinsize(there, (24, 80))
    command = [sys.executable, "-m", "feeds", "build", "-c", str(project.config)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=there) as running:
        os.close(there)
        seen = b""
        try:
            while data := os.read(here, 4096):
                seen += data
        except OSError:  # the other end is closed
            pass
        assert running.wait(60) == 0
    os.close(here)
    assert b"reading" in seen, seen


def test_lint_finds_the_line_of_a_key_wherever_it_stands(project: Project) -> None:
    header = "---\n# a remark\ntags: [a,\n  b]\ndescription: |\n  one\n  two\ndate: never\n---\nText.\n"
    (project.posts / "2024-01-01-a.md").write_text(header)
    found = project.run("lint").stdout
    assert "2024-01-01-a.md:8: bad-date: never is not a date; using 2024-01-01 from the file name" in found


def test_what_init_writes_has_nothing_to_repair(tmp_path: Path) -> None:
    feedd("init", str(tmp_path))
    config = str(tmp_path / "config" / "feedd.toml")
    checked = feedd("check", "-c", config)
    assert (checked.returncode, checked.stdout) == (0, f"{config}: OK (1 folder, 0 upstream feeds)\n")
    assert feedd("lint", "-c", config).stdout == ""
    assert feedd("build", "-c", config).returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_build_says_so_in_a_line_and_the_next_one_goes_on(
    project: Project, number: signal.Signals, code: int
) -> None:
    for day in range(1500):
        project.post(f"2024-01-02-{day}.md", f"Post {day}")
    command = [sys.executable, "-m", "feeds", "build", "-c", str(project.config)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, SIGINT may be ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as running:
        while not (project.folder / "state" / "feedd.db").exists():
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(number)
        out, told = running.communicate(timeout=30)
    assert (running.returncode, out, told) == (
        code,
        "",
        "feedd: interrupted; the next build continues where this one stopped\n",
    )
    assert told == "feedd: interrupted; the next build continues where this one stopped\n"
    assert project.run("build").returncode == 0
    assert len(json.loads((project.output / "feed.json").read_text("utf-8"))["items"]) >= 50


def _in_bytes(
    project: Project, *arguments: bytes, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable.encode(), b"-m", b"feeds", *arguments, b"-c", os.fsencode(project.config)]
    return subprocess.run(command, capture_output=True, timeout=60, cwd=ROOT, env=env)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_cannot_show_a_character_gets_it_escaped(project: Project, encoding: str) -> None:
    project.post("2024-01-01-p.md", "中文 😀")
    project.run("build")
    surroundings = {**os.environ, "PYTHONIOENCODING": encoding}
    for verb in (b"status", b"check", b"lint", b"export"):
        result = _in_bytes(project, verb, env=surroundings)
        assert b"Traceback" not in result.stderr, verb
    shown = _in_bytes(project, b"explain", b"2024-01-01-p.md", env=surroundings).stdout.decode(encoding)
    assert ("中文" if encoding == "utf-8" else "\\u4e2d\\u6587") in shown
    report = _in_bytes(project, b"explain", b"2024-01-01-p.md", b"--json", env=surroundings).stdout
    assert json.loads(report)["title"] == "中文 😀"


def test_an_argument_in_another_encoding_is_no_traceback(project: Project) -> None:
    project.run("build")
    for verb in (b"explain", b"withdraw", b"forget", b"backfill", b"add"):
        result = _in_bytes(project, verb, b"\xff\xfe")
        assert result.returncode == (1 if verb == b"add" else 2), verb
        assert b"Traceback" not in result.stderr, verb


def test_closed_streams_are_no_trouble(project: Project) -> None:
    project.post("2024-01-01-p.md")
    command = f"'{sys.executable}' -m feeds build -c '{project.config}' <&- >&- 2>&-"
    assert subprocess.run(command, shell=True, timeout=60, cwd=ROOT).returncode == 0
    assert (project.output / "atom.xml").exists()


def _run_on_terminal(project: Project, *arguments: str, **surroundings: str) -> bytes:
    here, there = pty.openpty()
    termios.tcsetwinsize(there, (24, 100))
    command = [sys.executable, "-m", "feeds", *arguments, "-c", str(project.config)]
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"TERM": "xterm", **surroundings}
    with subprocess.Popen(command, cwd=ROOT, stdout=there, stderr=there, env=env) as running:
        os.close(there)
        seen = b""
        try:
            while data := os.read(here, 4096):
                seen += data
        except OSError:  # the other end is closed
            pass
        running.wait(60)
    os.close(here)
    return seen


def test_status_is_a_coloured_table_on_a_terminal_and_plain_lines_in_a_pipe(project: Project) -> None:
    project.post("2024-01-01-a.md", "[[not markup]]")
    project.run("build")
    plain = project.run("status", "-v").stdout
    assert plain.startswith("ok           ")
    assert "1 post, 1 repaired; read " in plain
    assert "\x1b" not in plain
    shown = _run_on_terminal(project, "status", "-v")
    assert b"Health" in shown
    assert b"\x1b[32mok" in shown
    assert b"\x1b[32m" not in _run_on_terminal(project, "status", NO_COLOR="1")
    assert b"\x1b[1;33mwarning:\x1b[0m post rejected" in _reject_on_terminal(project)


def _reject_on_terminal(project: Project) -> bytes:
    (project.posts / "2024-01-03-c.md").write_bytes(b"\0" * 500)
    return _run_on_terminal(project, "build")


def test_the_effective_configuration_is_printed_as_toml_and_as_json(project: Project) -> None:
    shown = project.run("config", "show")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert tomllib.loads(shown.stdout)["output"]["dir"] == str(project.output)
    values = json.loads(project.run("config", "show", "--json").stdout)
    assert values["path"] == str(project.config)
    assert {"key": "output.pages", "value": True, "from": "default", "line": None} in values["settings"]


def test_a_wrong_configuration_is_not_shown_and_its_schema_is_printed(project: Project) -> None:
    project.config.write_text("[sit]\n", "utf-8")
    done = project.run("config", "show")
    assert (done.returncode, done.stdout) == (2, "")
    assert ":1: sit: unknown section; did you mean `site`?" in done.stderr
    assert json.loads(project.run("config", "schema").stdout)["title"] == "feedd.toml"


def test_a_misspelt_action_of_config_gets_a_suggestion(project: Project) -> None:
    done = project.run("config", "shwo")
    assert done.returncode == 2
    assert "did you mean 'show'?" in done.stderr
