"""The comparison of two checkouts finds what is planted: a byte, a row, a line, a field."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.same.__main__ import main
from benchmarks.same.articles import WORDS
from benchmarks.same.checkouts import Checkout, CheckoutError, unpack_revision
from benchmarks.same.comparing import Comparison, Difference, show_lines
from benchmarks.same.expected import Expected, ExpectedError, Rewording, Rewordings, read_expected
from benchmarks.same.formats import FORMATS
from benchmarks.same.quirks import QUIRKS, Asked
from benchmarks.same.report import Found, Report
from benchmarks.same.server import UpstreamServer
from benchmarks.same.session import Session
from benchmarks.same.snapshot import Output, Snapshot, read_folder
from benchmarks.same.times import Times, agree_by_chance
from benchmarks.same.upstreams import POLLS, UPSTREAMS, answer_request
from tests.conftest import Project

TIMES = Times.around(datetime.now(UTC))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a project that was built, with a ledger."""
    project = Project(tmp_path_factory.mktemp("same"))
    for number in range(3):
        project.post(f"2024-01-0{number + 1}-p.md", f"Post {number}", tags=f"t{number}")
    assert project.run("build").returncode == 0
    assert project.run("withdraw", "2024-01-03-p.md").returncode == 0
    assert project.run("build").returncode == 0
    assert project.ledger()
    return project.folder


@pytest.fixture
def copied(built: Path, tmp_path: Path) -> Path:
    return shutil.copytree(built, tmp_path / "copy")


def take_snapshot(folder: Path) -> Snapshot:
    snapshot = Snapshot()
    read_folder(folder, snapshot)
    return snapshot


def find(base: Snapshot, tree: Snapshot, rewordings: Rewordings | None = None) -> list[Difference]:
    return list(Comparison(TIMES, rewordings or Rewordings()).compare(base, tree))


def find_in_folders(base: Path, tree: Path) -> list[str]:
    return [one.place for one in find(take_snapshot(base), take_snapshot(tree))]


def change_store(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "state" / "feedd.db")) as db, db:
        assert db.execute(statement).rowcount


def test_equal_folders_have_no_difference(built: Path, copied: Path) -> None:
    assert find_in_folders(built, copied) == []
    assert len(take_snapshot(built).tables) > 10


def test_a_changed_byte_of_a_document_is_found(built: Path, copied: Path) -> None:
    document = copied / "output" / "atom.xml"
    document.write_bytes(document.read_bytes().replace(b"Post 1", b"Post_1", 1))
    assert find_in_folders(built, copied) == ["output/atom.xml"]


def test_a_changed_byte_of_a_packed_document_is_found() -> None:
    base, tree = Snapshot(), Snapshot()
    base.add_file("output/atom.xml.gz", b"\x1f\x8b\x00\xff" + bytes(50))
    tree.add_file("output/atom.xml.gz", b"\x1f\x8b\x00\xff" + bytes(49) + b"\1")
    (found,) = find(base, tree)
    assert found.lines[0] == "first at byte 53"


def test_a_file_that_one_side_lacks_is_found(built: Path, copied: Path) -> None:
    (copied / "output" / "rss.xml").unlink()
    (copied / "output" / "more.xml").write_text("more", "utf-8")
    assert find_in_folders(built, copied) == ["output/more.xml", "output/rss.xml"]


def test_other_permissions_are_found(built: Path, copied: Path) -> None:
    (copied / "output" / "rss.xml").chmod(0o600)
    assert find_in_folders(built, copied) == ["output/rss.xml (permissions)"]


def test_a_changed_line_of_the_ledger_is_found(built: Path, copied: Path) -> None:
    ledger = copied / "state" / "ledger.jsonl"
    ledger.write_text(ledger.read_text("utf-8") + '{"kind": "planted"}\n', "utf-8")
    assert find_in_folders(built, copied) == ["ledger/state/ledger.jsonl"]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE post SET state = 'planted' WHERE id = 1", "store/state/feedd.db/post/1/state"),
        ("DELETE FROM post WHERE id = 2", "store/state/feedd.db/post/2"),
        ("INSERT INTO burnt VALUES ('planted')", "store/state/feedd.db/burnt/planted"),
        ("UPDATE payload SET data = 'planted' WHERE sighting = 1", "store/state/feedd.db/payload/1/data"),
    ],
)
def test_a_changed_row_of_the_store_is_found(built: Path, copied: Path, statement: str, place: str) -> None:
    change_store(copied, statement)
    assert find_in_folders(built, copied) == [place]


def test_another_form_of_the_store_is_found(built: Path, copied: Path) -> None:
    with closing(sqlite3.connect(copied / "state" / "feedd.db")) as db, db:
        db.execute("CREATE TABLE planted (a)")
        db.execute("ALTER TABLE host ADD COLUMN planted")
        db.execute("PRAGMA user_version = 99")
    assert find_in_folders(built, copied) == [
        "store/state/feedd.db/host/planted",
        "store/state/feedd.db/planted",
        "store/state/feedd.db/pragma/user_version/value",
    ]


def test_the_order_of_columns_and_rows_makes_no_difference(tmp_path: Path) -> None:
    for name, statement, row in (
        ("one", "CREATE TABLE t (a, b, PRIMARY KEY (a))", "INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')"),
        ("two", "CREATE TABLE t (b, a, PRIMARY KEY (a))", "INSERT INTO t (a, b) VALUES (2, 'y'), (1, 'x')"),
    ):
        (tmp_path / name).mkdir()
        with closing(sqlite3.connect(tmp_path / name / "s.db")) as db, db:
            db.execute(statement)
            db.execute(row)
    assert find_in_folders(tmp_path / "one", tmp_path / "two") == []


def compare_reports(old: object, new: object) -> list[str]:
    base, tree = Snapshot(), Snapshot()
    for snapshot, value in ((base, old), (tree, new)):
        snapshot.add_report("json", "build", Output(0, json.dumps(value, indent=2).encode(), b""))
    return [one.place for one in find(base, tree)]


def test_a_changed_field_of_a_report_is_found() -> None:
    report = {"new": 3, "written": ["atom.xml", "rss.xml"], "sources": [{"name": "a", "ok": True}]}
    assert compare_reports(report, report) == []
    assert compare_reports(report, {**report, "new": 4}) == ["json/build/new"]
    assert compare_reports(report, {**report, "new": 3.0}) == ["json/build/new"]
    assert compare_reports(report, {**report, "written": ["atom.xml"]}) == ["json/build/written"]
    assert compare_reports(report, {**report, "sources": [{"name": "a"}]}) == ["json/build/sources/0/ok"]
    assert compare_reports(report, dict(reversed(report.items()))) == ["json/build"]


def test_troubles_may_come_in_any_order() -> None:
    assert compare_reports({"troubles": ["a", "b"]}, {"troubles": ["b", "a"]}) == []
    assert compare_reports({"troubles": ["a", "b"]}, {"troubles": ["b", "c"]}) != []
    assert compare_reports({"written": ["a", "b"]}, {"written": ["b", "a"]}) != []


def test_another_message_or_exit_status_is_found() -> None:
    for output in (Output(1, b"{}", b""), Output(0, b"{}", b"feedd: planted\n")):
        base, tree = Snapshot(), Snapshot()
        base.add_report("json", "check", Output(0, b"{}", b""))
        tree.add_report("json", "check", output)
        assert [one.place for one in find(base, tree)] == ["text/check --json"]


def test_times_of_the_run_make_no_difference_and_other_times_do() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    stamp = int(now.timestamp())
    same = f"{now.isoformat()} {now:%Y-%m-%d} {now:%a, %d %b %Y %H:%M:%S GMT} {stamp} {stamp}000 in 1.5 s"
    assert TIMES.mark_text(same) == "<time> <time> <time> <time> <time> in <seconds> s"
    other = "2024-01-02T03:04:05Z Tue, 02 Jan 2024 03:04:05 GMT 1700000000 2024-99-99 20240102301234567"
    assert TIMES.mark_text(other) == other
    assert TIMES.mark_value({"seconds": 1.5, "at": stamp, "n": 7, "yes": True}) == {
        "seconds": "<seconds>",
        "at": "<time>",
        "n": 7,
        "yes": True,
    }


def test_planned_times_may_differ_by_chance_and_no_more() -> None:
    def plan(when: str) -> object:
        return {"sources": [{"next_poll": when, "last_poll": "2025-06-01T00:00:00Z"}]}

    assert compare_reports(plan("2025-06-02T06:04:32Z"), plan("2025-06-02T06:04:01Z")) == []
    far = compare_reports(plan("2025-06-02T06:04:32Z"), plan("2025-06-02T13:04:32Z"))
    assert (
        far == compare_reports(plan("2025-06-02T06:04:32Z"), plan("")) == ["json/build/sources/0/next_poll"]
    )
    assert agree_by_chance("due", 1748844272, "1748844277")
    assert not agree_by_chance("due", 1748844272, "0")
    assert not agree_by_chance("polled", 1748844272, 1748844277)


def test_rewordings_and_expected_places_are_listed_apart(tmp_path: Path) -> None:
    file = tmp_path / "allowed.toml"
    file.write_text(
        '[[reworded]]\nplace = "output/*.html"\nbefore = "Sealed"\nafter = "Closed"\n'
        '[[expected]]\nplace = "text/*"\nwhy = "messages were reworded"\n',
        "utf-8",
    )
    expected = read_expected(file)
    assert expected == Expected(Rewordings((Rewording("output/*.html", "Sealed", "Closed"),)), ("text/*",))
    assert expected.allows("text/check")
    assert not expected.allows("json/check")
    base, tree = Snapshot(), Snapshot()
    base.add_file("output/index.html", b"<p>Sealed archives</p><p>Old</p>")
    tree.add_file("output/index.html", b"<p>Closed archives</p><p>Old</p>")
    assert [one.reworded for one in find(base, tree, expected.rewordings)] == [True]
    tree.add_file("output/index.html", b"<p>Closed archives</p><p>Odd</p>")
    assert [one.reworded for one in find(base, tree, expected.rewordings)] == [False]


@pytest.mark.parametrize("text", ["[[expected]]\nplace = 'a'", "[[reworded]]\nplace = 'a'", "more = 1", "="])
def test_a_mistake_in_the_file_of_expected_differences_names_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "allowed.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ExpectedError, match=r"allowed\.toml"):
        read_expected(file)


def test_what_differs_is_shown_in_few_short_lines() -> None:
    old = "<a>" + "<b>x</b>" * 5000 + "<c>" + "y" * 1000 + "</c></a>"
    lines = list(show_lines(old, old.replace("yyy</c>", "yyz</c>")))
    assert len(lines) == 2
    assert all(len(line) < 200 for line in lines)
    assert "yyz" in lines[1]
    assert len(list(show_lines("a\n" * 9000, "b\n" * 9000))) < 200


def make_report(*runs: str, expected: Expected | None = None) -> Report:
    """Compare two runs of a base with two of a tree; the only document has these texts, one a step."""
    sessions = []
    with UpstreamServer() as server:
        for texts in runs:
            session = Session(Checkout("base", Path(), (), {}), Path(), server)
            for step, text in enumerate(texts.split()):
                session.snapshots[str(step)] = Snapshot()
                session.snapshots[str(step)].add_file("output/atom.xml", text.encode())
            sessions.append(session)
    report = Report(expected or Expected())
    report.add("posts", sessions[:2], sessions[2:], Comparison(TIMES, report.expected.rewordings))
    return report


def test_what_the_base_itself_does_in_two_ways_is_named_and_not_compared() -> None:
    steady = make_report("a", "a", "a", "a")
    assert (steady.exit_status, steady.unsteady) == (0, [])
    assert make_report("a", "a", "b", "b").exit_status == 1
    assert make_report("a", "a", "a", "b").exit_status == 1
    unsteady = make_report("a", "b", "a", "c")
    assert (unsteady.exit_status, len(unsteady.unsteady)) == (0, 1)


def test_one_step_hides_nothing_of_another() -> None:
    reworded = Expected(Rewordings((Rewording("output/*", "old", "new"),)))
    report = make_report("old x", "old x", "new y", "new y", expected=reworded)
    assert [one.steps for one in report.allowed] == [["0"]]
    assert [one.steps for one in report.differs] == [["1"]]
    report = make_report("a x", "b x", "c y", "c y")
    assert [one.steps for one in report.unsteady] == [["0"]]
    assert [one.steps for one in report.differs] == [["1"]]


def test_the_report_has_a_bounded_number_of_lines(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(Expected())
    for place in range(500):
        lines = ("- same", "+ alike") if place < 100 else (f"- {place}", f"+ {place}x")
        report.differs.append(Found("posts", Difference(f"output/{place}", lines), ["first"]))
    report.show(30)
    text = capsys.readouterr().out
    assert len(text.splitlines()) < 60
    assert "the same in 99 more places, the last output/99" in text
    assert "more; `--lines N`" in text
    assert report.exit_status == 1


def test_each_upstream_answers_every_poll_the_same_way_again() -> None:
    assert len({one.name for one in UPSTREAMS}) == len(UPSTREAMS) == len(FORMATS) + 21 + len(QUIRKS)
    assert {one.language for one in UPSTREAMS} == set(WORDS)
    home = "http://127.0.0.1:1"
    for upstream in UPSTREAMS:
        answers = []
        for poll in range(POLLS):
            asked = Asked("GET", upstream.path)
            first, second = (answer_request(upstream, asked, poll, home) for _ in range(2))
            assert first == second
            answers.append(first)
        unmoving = {"quirk-page", "quirk-loop"}
        assert upstream.name in unmoving or len({one.body + str(one.headers).encode() for one in answers}) > 1


def test_a_later_run_gets_its_answers_in_the_order_of_the_first() -> None:
    paths = ["/list.opml", "/page.html", "/feeds/quirk-found"]
    with UpstreamServer() as server:
        orders = []
        for requests in (paths, paths[::-1]):
            server.begin("poll")
            with ThreadPoolExecutor() as pool:
                for future in [
                    pool.submit(ask_later, server.home, path, n) for n, path in enumerate(requests)
                ]:
                    future.result()
            orders.append([line.split()[1] for line in server.end().splitlines()])
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == sorted([*paths, "/behind/found/0"])


def ask_later(home: str, path: str, number: int) -> None:
    """Ask after the requests before this one were answered, if the server does not wait for it."""
    time.sleep(number * 0.4)
    with urllib.request.urlopen(home + path, timeout=30) as answer:
        answer.read()


def test_a_revision_that_git_does_not_know_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CheckoutError, match="no-such-revision"):
        unpack_revision("no-such-revision", tmp_path)
    assert main(["no-such-revision"]) == 2
    assert "no-such-revision" in capsys.readouterr().err
