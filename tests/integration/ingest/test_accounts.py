"""The sum of what a build reports equals what was there, for any folder and any document."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.api import explain, load_config
from feeds.builder import build
from feeds.errors import UsageError
from feeds.reports import BuildReport
from feeds.storage.sqlite import Database
from tests.conftest import SHARED, Project
from tests.integration.ingest.test_upstreams import subscribe
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

NOW = datetime(2025, 3, 1, 12, tzinfo=UTC)
HEADS = (
    "",
    "draft: true",
    "published: false",
    "status: draft",
    "date: 2199-01-01",
    "expiryDate: 2020-01-01",
    "publishDate: no date",
)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def write_files(dice: random.Random, project: Project) -> int:
    """Write files of every kind and return their number."""
    count = dice.randint(0, 9)
    for number in range(count):
        address = dice.choice(("", f"source_url: https://a.example/{dice.randint(1, 3)}\n"))
        head = f"---\ntitle: {dice.choice('AB')}\n{address}{dice.choice(HEADS)}\n---\n"
        text = dice.choice((head + "Text", "no front matter", head, head + dice.choice("tuv")))
        data = text.encode() if dice.random() < 0.9 else b"\0" * 200
        (project.posts / f"2024-01-0{number + 1}-p.md").write_bytes(data)
    return count


def write_document(dice: random.Random) -> tuple[bytes, int]:
    """Write a document whose entries share guids, addresses and texts, and return the number of entries."""

    def choose(element: str, *values: str) -> str:
        value = dice.choice(values)
        return f"<{element}>{value}</{element}>" if value else ""

    items = [
        "<item>"
        + choose("guid", "", "", "N/A", "urn:x:1", f"g{dice.randint(1, 4)}")
        + choose(
            "link", "", "https://f.example/", "https://f.example/1", f"https://a.example/{dice.randint(1, 3)}"
        )
        + choose("title", "", "A", "B")
        + choose("pubDate", "", "Mon, 06 May 2024 10:00:00 GMT", "Tue, 07 May 2024 10:00:00 GMT")
        + choose("description", "", "Text", "Other text")
        + "</item>"
        for _ in range(dice.randint(0, 9))
    ]
    text = f"<rss version='2.0'><channel><title>F</title><link>https://f.example/</link>{''.join(items)}</channel></rss>"
    return text.encode(), len(items)


def check(report: BuildReport, files: int, entries: int | None) -> None:
    """Compare the counts of a report with what was there."""
    assert report.read == files
    assert report.read == sum(
        (report.published, report.merged, report.unpublished, report.ignored, len(report.rejected))
    )
    assert report.entries["read"] == sum(report.entries.values()) - report.entries["read"]
    if entries is not None:
        assert report.entries["read"] == entries
    assert report.posts == report.published + report.entries["published"]
    hidden = report.unpublished + report.ignored + len(report.rejected)
    hidden += sum(report.entries[name] for name in ("unpublished", "rejected", "repeated"))
    assert sum(report.reasons.values()) == hidden, report.reasons


@pytest.mark.parametrize("seed", range(8))
def test_the_counts_of_a_build_add_up(project: Project, upstream: UpstreamServer, seed: int) -> None:
    dice = random.Random(seed)
    files = write_files(dice, project)
    data, entries = write_document(dice)
    upstream.routes["/feed"] = Answer(body=data)
    subscribe(project, upstream)
    config = load_config(Path(project.config))
    check(build(config, jobs=1, clock=lambda: NOW), files, entries)
    check(build(config, jobs=1, clock=lambda: NOW), files, entries)
    # Entries that left the document stay, so only the sum of the parts is known.
    upstream.routes["/feed"] = Answer(body=write_document(dice)[0])
    check(build(config, jobs=1, clock=lambda: NOW), files, None)


def test_an_entry_that_is_left_out_is_explained(project: Project, upstream: UpstreamServer) -> None:
    item = "<item><guid>{0}</guid><title>T{0}</title><link>https://f.example/{0}</link><description>{1}</description></item>"
    texts = "".join((item.format(1, "x"), item.format(2, "y" * 2_000_100), item.format(1, "x")))
    upstream.routes["/feed"] = Answer(body=f"<rss><channel>{texts}</channel></rss>".encode())
    subscribe(project, upstream)
    config = load_config(Path(project.config))
    report = build(config, jobs=1, clock=lambda: NOW)
    check(report, 0, 3)
    assert report.entries == {
        "read": 3,
        "published": 1,
        "merged": 0,
        "unpublished": 0,
        "rejected": 1,
        "repeated": 1,
    }
    for wanted in ("2", "T2", "https://f.example/2"):
        found = explain(config, wanted)
        assert (found["state"], found["why_not"]) == ("left out", "it is too long")
    assert explain(config, "T1")["state"] == "live"
    with pytest.raises(UsageError):
        explain(config, "T3")


def find_documents() -> list[Path]:
    """Return the documents of upstream feeds in the shared data, if there are any."""
    folder = SHARED / "data" / "upstream"
    return sorted(path for path in folder.rglob("*") if path.suffix in (".xml", ".json", ".rss", ".atom"))


@pytest.mark.acceptance
@pytest.mark.stress
def test_every_entry_of_real_documents_is_accounted(upstream: UpstreamServer) -> None:
    documents = find_documents()
    if not documents:
        pytest.skip("the shared data is not beside this checkout")
    for start in range(0, len(documents), 100):
        with tempfile.TemporaryDirectory() as folder:
            check_documents(Project(Path(folder)), upstream, documents[start : start + 100])


def check_documents(project: Project, upstream: UpstreamServer, documents: list[Path]) -> None:
    """Serve documents as sources of one configuration, and compare what is stored with what was served."""
    for number, path in enumerate(documents):
        upstream.routes[f"/{number}"] = Answer(body=path.read_bytes())
        subscribe(project, upstream, f"/{number}", f"s{number}")
    report = build(load_config(Path(project.config)), jobs=1, clock=lambda: NOW)
    check(report, 0, None)
    with closing(Database.open(project.folder / "state" / "feedd.db", read_only=True)) as db:
        stored = db._connection.execute(
            "SELECT name, (SELECT count(*) FROM sighting WHERE source = source.id)"
            " + (SELECT coalesce(sum(number), 0) FROM left_out WHERE source = source.id) FROM source"
        ).fetchall()
    counts = dict(stored)
    for number, path in enumerate(documents):
        served = count_served(path.read_bytes())
        assert served is None or counts[f"s{number}"] in (served, 0), (path, served, counts[f"s{number}"])


def count_served(data: bytes) -> int | None:
    """Count the entries of a document by its tags; None if it cannot be split into entries."""
    from feeds.ingest.feed_items import split_document

    parts = split_document(data, "")
    return None if parts.whole or parts.kind == "none" else len(parts.entries)


def test_items_of_a_json_feed_that_are_no_objects_are_counted(
    project: Project, upstream: UpstreamServer
) -> None:
    items = [{"id": "1", "content_text": "x"}, "no object", None, 7, 7]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": items}
    upstream.routes["/feed"] = Answer(body=json.dumps(document).encode())
    subscribe(project, upstream)
    report = build(load_config(Path(project.config)), jobs=1, clock=lambda: NOW)
    check(report, 0, 5)
    assert (report.entries["published"], report.entries["rejected"]) == (1, 4)


def test_elements_that_are_removed_are_counted_and_explained(
    project: Project, upstream: UpstreamServer
) -> None:
    text = "&lt;p&gt;A Map&lt;K, V&gt; of &lt;T&gt; &lt;b&gt;here&lt;/b&gt;&lt;o:p&gt;&lt;/o:p&gt;&lt;/p&gt;"
    body = (
        f"<rss><channel><title>F</title><item><guid>g1</guid><title>Types</title><description>{text}</description></item>"
        "<item><guid>g2</guid><title>Plain</title><description>&lt;p&gt;x&lt;/p&gt;</description></item></channel></rss>"
    )
    upstream.routes["/feed"] = Answer(body=body.encode())
    subscribe(project, upstream, "/feed")
    config = load_config(project.config)
    report = build(config, clock=lambda: NOW)
    assert report.dropped == 2
    assert build(config, clock=lambda: NOW).dropped == 0
    assert explain(config, "g1")["dropped"] == ["<K, V>", "<T>"]
    assert explain(config, "g2")["dropped"] == []
    assert "removed    unknown to HTML: <K, V> <T>\n" in project.run("explain", "g1").stdout
    # The same text in a post is kept.
    project.post("2024-01-02-types.html", "Own", "<p>A Map<K, V> of <T></p>")
    assert build(config, clock=lambda: NOW).dropped == 0
    assert "Map&amp;lt;K, V&amp;gt;" in (project.output / "category" / "news" / "atom.xml").read_text("utf-8")


def test_the_summary_counts_removed_elements(project: Project, upstream: UpstreamServer) -> None:
    item = "<item><guid>g1</guid><title>T</title><description>a &lt;T&gt; b</description></item>"
    upstream.routes["/feed"] = Answer(body=f"<rss><channel>{item}</channel></rss>".encode())
    subscribe(project, upstream, "/feed")
    printed = project.run("build").stdout
    assert "1 element unknown to HTML removed from new entries; `feedd explain POST` lists them" in printed
