"""The summary and the warnings of a build."""

from __future__ import annotations

import pytest

from feeds.cli.build import print_summary, print_warnings
from feeds.reports import BuildReport


def build_report(**values: int) -> BuildReport:
    return BuildReport(entries={"read": 0}, **values)


def summarise(
    capsys: pytest.CaptureFixture[str], report: BuildReport, dry: bool = False, each: bool = False
) -> list[str]:
    print_summary(report, dry, each)
    return capsys.readouterr().out.splitlines()


def test_an_empty_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert summarise(capsys, build_report()) == [
        "0 sources: nothing to read",
        "posts: 0 new, 0 changed, 0 removed, 0 repaired, 0 merged, 0 unpublished, 0 ignored, 0 rejected",
        "0 posts in 0 feeds",
        "wrote 0 documents (0 archives; 0.0 MB), removed 0, in 0.0 s",
    ]


def test_every_count_stands_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    report = BuildReport(
        sources=2, read=1, asked=3, new=4, changed=5, gone=6, repaired=7, parted=1, dropped=2
    )
    report.merged, report.unpublished, report.ignored = 8, 9, 10
    report.troubles, report.rejected, report.notes = ["source a: why"], [{}], ["moved"]
    report.entries = {"read": 3, "published": 0, "rejected": 2, "late": 0}
    report.reasons = {f"reason {number}": number for number in range(1, 15)}
    report.posts, report.feeds, report.archives, report.size, report.seconds = 1, 1, 1, 1_250_000, 2.34
    report.written, report.removed = ["a.xml"], ["b.xml", "c.xml"]
    first, posts, note, parted, entries, dropped, *reasons, shown, last = summarise(capsys, report)
    assert first == "2 sources: 1 file read, 3 upstream feeds fetched, 1 warning"
    assert posts == (
        "posts: 4 new, 5 changed, 6 removed, 7 repaired, 8 merged, 9 unpublished, 10 ignored, 1 rejected"
    )
    assert note == "note: moved"
    assert parted == "1 post had been joined with others by mistake, now separate again"
    assert entries == "entries: 3 read, 0 published, 2 rejected"
    assert dropped.startswith("2 elements unknown to HTML")
    assert reasons == [f"  {number} in no feed: reason {number}" for number in range(14, 2, -1)]
    assert shown == "1 post in 1 feed"
    assert last == "wrote 1 document (1 archive; 1.2 MB), removed 2, in 2.3 s"


def test_each_document_is_listed_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    report = build_report()
    report.written, report.removed = ["a.xml"], ["b.xml"]
    assert summarise(capsys, report, each=True)[:2] == ["wrote a.xml", "removed b.xml"]
    lines = summarise(capsys, report, dry=True, each=True)
    assert lines[:2] == ["would write a.xml", "would remove b.xml"]
    assert lines[-1].startswith("would write 1 document (0 archives; 0.0 MB), would remove 1")


def test_warnings_name_the_source_the_post_and_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    report = build_report()
    report.troubles = ["source bread: HTTP 500", "a folder"]
    report.rejected = [{"path": "p.md", "reason": "why"}]
    report.held = [{"path": "a.xml", "reason": "foreign"}]
    print_warnings(report)
    assert capsys.readouterr().err.splitlines() == [
        "warning: bread: HTTP 500",
        "warning: a folder",
        "warning: post rejected: p.md: why",
        "warning: document not published: a.xml: foreign",
    ]
