"""Whatever a ledger says is checked like input: a wrong line is named and left out, all others hold."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from feeds.storage.ledger_lines import KINDS, describe_mistake, read_ledger, write_ledger
from feeds.values.slugs import build_slug, is_slug
from tests.conftest import Project

TIME = "2024-01-01T00:00:00Z"
GOOD = [
    ("alias", "urn:x:old", "urn:x:new"),
    ("burnt", "url:https://a.example/", ""),
    ("form", "file-ids", "path"),
    ("guess", "news/undated.md", "2020-09-13T20:26:40+08:00"),
    ("guess", "news/path:undated.md", TIME),
    ("guess", "up/id:https://a.example/../x", TIME),
    ("id", "!infoCode:202401020304050607", "tag:a.example,2024:b"),
    ("id", "url:https://a.example/1", "urn:uuid:0f5a6a2e-5b0e-5a4e-9d3c-1f1f1f1f1f1f"),
    ("keys", "news/a b.md", "url:https://a.example/1\n!infoCode:1"),
    (
        "renamed",
        "blog/id:https://new.example/1",
        "guid:blog:https://old.example/1\nurl:https://old.example/1",
    ),
    ("sealed", "urn:x:1", f"{TIME} {TIME}"),
    ("slug", "tag/Tea", "tea-0a1b"),
    ("slug", "category/中国", "中国"),
    ("surfaced", "urn:x:1", f"{TIME} {TIME}"),
    ("withdrawn", "urn:x:1", TIME),
]
BAD = [
    "nonsense",
    "[]",
    "7",
    "null",
    '"text"',
    "{}",
    "[" * 100_000,
    '{"slug": "tag/x"',
    "<<<<<<< HEAD",
    '{"nothing": "known"}',
    '{"value": "urn:x"}',
    '{"slug": "tag/x", "id": "url:x", "value": "x"}',
    '{"slug": "tag/x", "value": "x", "more": 1}',
    '{"slug": "tag/x", "value": "../../../x"}',
    '{"slug": "tag/x", "value": "/x"}',
    '{"slug": "tag/x", "value": "a/b"}',
    '{"slug": "tag/x", "value": "a\\\\b"}',
    '{"slug": "tag/x", "value": ".."}',
    '{"slug": "tag/x", "value": "."}',
    '{"slug": "tag/x", "value": ".feedd"}',
    '{"slug": "tag/x", "value": ""}',
    '{"slug": "tag/x"}',
    '{"slug": "tag/x", "value": "-"}',
    '{"slug": "tag/x", "value": "a\\u0000b"}',
    '{"slug": "tag/x", "value": "a\\nb"}',
    '{"slug": "tag/x", "value": "a\\u202eb"}',
    '{"slug": "tag/x", "value": "\\ud800"}',
    '{"slug": "tag/x", "value": "nul"}',
    '{"slug": "tag/x", "value": "' + "x" * 300 + '"}',
    '{"slug": "tag/x", "value": 7}',
    '{"slug": "tag/x", "value": ["x"]}',
    '{"slug": "tag/x", "value": null}',
    '{"slug": ["tag/x"], "value": "x"}',
    '{"slug": "x", "value": "x"}',
    '{"slug": "../x", "value": "x"}',
    '{"slug": "tag/", "value": "x"}',
    '{"id": "url:https://a.example/1", "value": "not an id"}',
    '{"id": "url:https://a.example/1", "value": "javascript:alert(1)"}',
    '{"id": "url:https://a.example/1", "value": "urn:x:\\uffff"}',
    '{"id": "url:https://a.example/1"}',
    '{"id": "other:x", "value": "urn:x"}',
    '{"id": "", "value": "urn:x"}',
    '{"alias": "urn:x"}',
    '{"alias": "x", "value": "urn:x"}',
    '{"alias": "urn:x", "value": {"a": 1}}',
    '{"burnt": "https://a.example/"}',
    '{"burnt": "url:x", "value": "x"}',
    '{"burnt": "url:x", "value": 1}',
    '{"burnt": true}',
    '{"keys": "news/a.md"}',
    '{"renamed": "blog/id:1"}',
    '{"keys": "news/a.md", "value": "x"}',
    '{"keys": "news/a.md", "value": "url:x\\n"}',
    '{"keys": "news/../../a.md", "value": "url:x"}',
    '{"keys": "a.md", "value": "url:x"}',
    '{"keys": "news/a.md", "value": "' + "url:" + "x" * (1 << 20) + '"}',
    '{"guess": "news/path:../a.md", "value": "2024-01-01T00:00:00Z"}',
    '{"form": "file-ids", "value": "text"}',
    '{"form": "other", "value": "path"}',
    '{"guess": "news/a.md", "value": "2024-01-01"}',
    '{"guess": "news/a.md", "value": "0001-01-01T00:00:00+14:00"}',
    '{"guess": "news/a.md", "value": "9999-12-31T23:59:59Z"}',
    '{"guess": "news/a.md", "value": 1704067200}',
    '{"guess": "news/a.md", "value": "2024-01-01T00:00:00Z 2024-01-01T00:00:00Z"}',
    '{"guess": "' + "n" * 70_000 + '/a.md", "value": "2024-01-01T00:00:00Z"}',
    '{"surfaced": "urn:x", "value": "2024-01-01T00:00:00Z"}',
    '{"surfaced": "urn:x", "value": "9999-12-31T23:59:59Z 9999-12-31T23:59:59Z"}',
    '{"sealed": "urn:x"}',
    '{"sealed": "urn:x", "value": " "}',
    '{"withdrawn": "urn:x"}',
    '{"withdrawn": "urn:x", "value": "then"}',
    '{"withdrawn": 7, "value": "2024-01-01T00:00:00Z"}',
    '{"withdrawn": "urn:x", "value": ' + "9" * 5000 + "}",
]


@pytest.mark.parametrize("line", GOOD, ids=[line[0] for line in GOOD])
def test_a_line_comes_back_as_it_was_written(line: tuple[str, str, str]) -> None:
    assert read_ledger(write_ledger([line]).encode()) == ([line], [])
    assert describe_mistake(line) == ""


def test_every_kind_is_tried() -> None:
    assert {line[0] for line in GOOD} == set(KINDS)
    assert {kind for kind in KINDS if any(f'"{kind}"' in line for line in BAD)} == set(KINDS)


@pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\x1c", "\x7f", "\r"])
def test_a_name_may_have_a_sign_that_ends_lines_elsewhere(sign: str) -> None:
    line = ("id", f"guid:up:a{sign}b", "urn:x")
    text = write_ledger([line])
    assert text.count("\n") == 1
    assert read_ledger(text.encode()) == ([line], [])


@pytest.mark.parametrize("line", BAD, ids=[line[:50] for line in BAD])
def test_a_wrong_line_says_nothing(line: str) -> None:
    good = write_ledger(GOOD).encode()
    lines, (bad,) = read_ledger(good + line.encode() + b"\n" + good)
    assert lines == [*sorted(GOOD), *sorted(GOOD)]
    assert (bad.number, bad.data) == (len(GOOD) + 1, line.encode())
    assert 0 < len(bad.reason) < 300


def test_bytes_that_are_no_text_are_a_wrong_line() -> None:
    lines, bad = read_ledger(b'\xff\xfe\n{"burnt": "url:x"}\r\n\n\x00\x01')
    assert lines == [("burnt", "url:x", "")]
    assert [(one.number, one.data) for one in bad] == [(1, b"\xff\xfe"), (4, b"\x00\x01")]


def test_what_names_make_is_a_slug() -> None:
    for name in ("Tea", "中国经济网新闻", "con", "🙂", "é", "x" * 300, "a/b"):
        assert is_slug(build_slug(name, "ascii"))
        assert is_slug(build_slug(name, "unicode"))


@pytest.fixture
def site(project: Project) -> Project:
    project.post("2024-01-01-a.md", "A", tags="x")
    project.post("2024-01-02-b.md", "B", tags="y")
    return project


def test_no_line_of_a_ledger_leads_out_or_stops_a_build(site: Project) -> None:
    """Every wrong line at once, on a machine that has the ledger and no store."""
    ledger = site.folder / "state" / "ledger.jsonl"
    ledger.parent.mkdir()
    good = {"slug": "tag/y", "value": "kept"}
    wrong = [line for line in BAD if '"../../../x"' in line or len(line) < 2000]
    text = "".join(f"{line}\n" for line in [*wrong, json.dumps(good)])
    ledger.write_text(text, "utf-8")
    before = outside(site)
    done = site.run("build", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["published"] == 2
    assert f"{ledger}:1: not a line of a ledger" in report["troubles"][0]
    assert len(report["troubles"]) == 21, "twenty are named, then the others counted"
    assert f"{len(wrong) - 20} more lines" in report["troubles"][-1]
    assert outside(site) == before
    assert (site.output / "tag" / "x" / "atom.xml").is_file()
    assert (site.output / "tag" / "kept" / "atom.xml").is_file()
    lines = ledger.read_text("utf-8").splitlines()
    # An older version wrote this ledger, so the ids that it derived from texts get their lines.
    added = [next(iter(json.loads(line))) for line in lines if line not in (json.dumps(good), *wrong)]
    assert sorted(added) == ["form", "id", "id"]
    assert lines[len(added) :] == [json.dumps(good), *wrong], "nothing is lost"
    assert site.run("build", "--strict").returncode == 1
    site.post("2024-01-03-c.md", "C", tags="y")
    assert site.run("build").returncode == 0
    assert "C" in (site.output / "tag" / "kept" / "atom.xml").read_text("utf-8")


def outside(site: Project) -> set[Path]:
    """What lies anywhere around the output."""
    kept = (site.output, site.folder / "state")
    top = site.folder.parent
    return {path for path in top.rglob("*") if not any(path.is_relative_to(one) for one in kept)}


@pytest.mark.parametrize(
    "line", ['{"slug": "tag/x", "value": "../../../x"}', '{"surfaced": "urn:x", "value": "then"}']
)
def test_a_line_that_an_older_feedd_took_up_is_dropped(site: Project, line: str) -> None:
    assert site.run("build").returncode == 0
    kind, name = next(iter(json.loads(line).items()))
    with sqlite3.connect(site.folder / "state" / "feedd.db") as store:
        store.execute("INSERT INTO ledger VALUES (?, ?, ?)", (kind, name, json.loads(line)["value"]))
        store.execute("DELETE FROM meta WHERE name = 'ledger_checked'")
        store.execute("UPDATE feed SET slug = NULL, folded = NULL WHERE name = 'x'")
    store.close()
    before = outside(site)
    done = site.run("build")
    assert done.returncode == 0
    assert f"warning: {site.folder / 'state' / 'ledger.jsonl'}: the store had a line" in done.stderr
    assert outside(site) == before
    assert (site.output / "tag" / "x" / "atom.xml").is_file()
    assert "trouble" not in site.run("build").stderr


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_ledger_that_is_no_file_is_named(site: Project, kind: str) -> None:
    ledger = site.folder / "state" / "ledger.jsonl"
    ledger.parent.mkdir()
    ledger.mkdir() if kind == "folder" else os.mkfifo(ledger)
    done = site.run("build")
    assert done.returncode == 2
    assert f"{ledger}: is not a file" in done.stderr
    assert "Traceback" not in done.stderr


def test_lines_that_others_wrote_meanwhile_are_not_lost(site: Project) -> None:
    """A command that writes the file takes up what version control has brought before."""
    (site.posts / "undated.md").write_text("---\ntitle: Undated\n---\nText.\n", "utf-8")
    assert site.run("build").returncode == 0
    ledger = site.folder / "state" / "ledger.jsonl"
    line = '{"burnt": "url:https://a.example/"}'
    ledger.write_text(f"{line}\n{ledger.read_text('utf-8')}", "utf-8")
    assert site.run("withdraw", "2024-01-01-a.md").returncode == 0
    assert line in site.ledger()
    assert '"withdrawn"' in site.ledger()
