"""Lists of upstreams at an address, posts whose time has not come, documents that are none: what a run makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.house_walks import work_in_process
from feeds import build, load_config, session
from feeds.fetcher import folder
from feeds.reports import BuildReport
from tests.conftest import Project
from tests.integration.ingest.test_upstreams import rss, subscribe, titles
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread


class Timed(Project):
    """A project that is built in this process, at times of the test's choice."""

    now = datetime(2025, 1, 1, tzinfo=UTC)

    def build(self, **options: bool) -> BuildReport:
        self.now += timedelta(hours=2)
        return build(load_config(self.config), jobs=1, clock=lambda: self.now, **options)

    def take_list(self, upstream: UpstreamServer, more: str = "") -> None:
        block = (
            f'[[sources]]\nname = "planet"\nkind = "opml"\nurl = "{upstream.url("/list")}"\n'
            f'allow = ["{upstream.authority}"]\ngroup = "planet"\n{more}\n'
        )
        self.set("[[identity]]", block + "[[identity]]")


@pytest.fixture
def timed(tmp_path: Path) -> Timed:
    return Timed(tmp_path)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def listed(upstream: UpstreamServer, *names: str) -> Answer:
    outlines = "".join(
        f'<outline type="rss" text="{name}" xmlUrl="{upstream.url("/" + name)}"/>' for name in names
    )
    return Answer(body=f'<opml version="2.0"><head/><body>{outlines}</body></opml>'.encode())


def test_a_list_at_an_address_is_asked_and_followed_as_it_changes(
    timed: Timed, upstream: UpstreamServer
) -> None:
    for name in ("one", "two"):
        upstream.routes[f"/{name}"] = Answer(body=rss([(name, f"https://{name}.example/1", name.title())]))
    upstream.routes["/list"] = listed(upstream, "one")
    timed.take_list(upstream, 'every = "1h"')
    assert timed.build().troubles == []
    assert titles(timed) == ["One"]
    upstream.routes["/list"] = listed(upstream, "one", "two")
    timed.build()
    assert titles(timed) == ["One", "Two"]
    asked = len(upstream.log)
    timed.build(offline=True)
    assert len(upstream.log) == asked
    assert titles(timed) == ["One", "Two"]


def test_a_list_that_is_none_is_named_and_the_last_one_holds(timed: Timed, upstream: UpstreamServer) -> None:
    upstream.routes["/one"] = Answer(body=rss([("a", "https://one.example/1", "One")]))
    upstream.routes["/list"] = listed(upstream, "one")
    timed.take_list(upstream, 'every = "1h"')
    timed.build()
    upstream.routes["/list"] = Answer(body=b"<html><p>moved</p></html>")
    upstream.routes["/one"] = Answer(
        body=rss([("a", "https://one.example/1", "One"), ("b", "https://one.example/2", "More")])
    )
    (trouble,) = timed.build().troubles
    assert trouble.startswith("source planet: ")
    assert titles(timed) == ["More", "One"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><body>no feed</body></html>", "is not a feed"),
        (b"", "an empty document"),
        (rss([("g", "https://blog.example/1", "x")] * 10_001), "has 10001 entries"),
    ],
)
def test_a_document_that_will_not_be_read_is_named_and_what_was_there_stays(
    timed: Timed, upstream: UpstreamServer, body: bytes, words: str
) -> None:
    upstream.routes["/feed"] = Answer(body=rss([("a", "https://blog.example/1", "One")]))
    subscribe(timed, upstream, more='every = "1h"')
    timed.build()
    upstream.routes["/feed"] = Answer(body=body)
    (trouble,) = timed.build().troubles
    assert trouble.startswith("source blog: ")
    assert words in trouble
    assert titles(timed) == ["One"]
    upstream.routes["/feed"] = Answer(body=rss([("b", "https://blog.example/2", "Two")]))
    timed.now += timedelta(days=2)  # it is asked less often for a while
    assert timed.build().troubles == []
    assert titles(timed) == ["One", "Two"]


def test_a_post_of_the_future_appears_when_its_time_has_come(timed: Timed) -> None:
    timed.post("2024-01-01-a.md", "Old", date="2024-01-01 00:00:00 +0000", tags="t")
    timed.post("2025-01-02-b.md", "Coming", date="2025-01-01 05:00:00 +0000", tags="t")
    assert timed.build().unpublished == 1
    assert titles(timed) == titles(timed, "tag/t/atom.xml") == ["Old"]
    timed.build()  # 04:00
    assert titles(timed) == ["Old"]
    report = timed.build()  # 06:00, and nothing of the folder has changed
    assert (report.new, report.changed, report.unpublished, report.published) == (0, 0, 0, 2)
    assert titles(timed) == titles(timed, "tag/t/atom.xml") == ["Coming", "Old"]
    assert timed.build().written == []


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"nothing": "known"}',
        '"text"',
        "7",
        '{"guess": "news/a.md", "value": "2024-13-01"}',
        '{"guess": "news/a.md", "value": "2024-01-01T00:00:00"}',
        '{"withdrawn": "urn:x"}',
        '{"surfaced": "urn:x", "value": "2024-01-01T00:00:00Z"}',
        '{"sealed": "urn:x", "value": "2024-01-01T00:00:00Z then"}',
    ],
)
def test_a_damaged_line_of_the_ledger_is_named(timed: Timed, line: str) -> None:
    """It is left out and stays in the file; everything else that the ledger says holds."""
    timed.post("undated.md", "Undated", date="")
    timed.build()
    before = timed.bytes()
    ledger = timed.folder / "state" / "ledger.jsonl"
    whole = ledger.read_text("utf-8")
    number = len(whole.splitlines()) + 2
    ledger.write_text(f"{whole}\n{line}\n", "utf-8")
    for file in ledger.parent.glob("feedd.db*"):
        file.unlink()
    (trouble,) = timed.build().troubles
    assert f"ledger.jsonl:{number}: not a line of a ledger" in trouble
    assert "correct it or delete it" in trouble
    assert timed.bytes() == before
    assert ledger.read_text("utf-8") == f"{whole}{line}\n"
    assert f"ledger.jsonl:{number - 1}: not a line" in timed.build().troubles[0], "it is named at each run"
    ledger.write_text(whole, "utf-8")
    assert timed.build().troubles == []
    assert timed.bytes() == before


def test_another_rule_for_addresses_is_applied_to_what_is_there(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = timed.post("2024-01-01-a.md", "A", source_url="https://a.example/1")
    read: list[str] = []
    real = folder.read
    monkeypatch.setattr(folder, "read", lambda root, path: (read.append(path), real(root, path))[1])

    def built() -> list[str]:
        read.clear()
        with work_in_process():
            timed.build()
        return [name.rpartition("/")[2] for name in read]

    assert built() == [path.name]
    before = timed.bytes()
    assert built() == []
    monkeypatch.setattr(session, "CANONICAL_RULE", 99)
    assert built() == [path.name]
    assert built() == []
    assert timed.bytes() == before


def test_a_folder_that_is_not_there_is_a_trouble_and_its_posts_stay(timed: Timed) -> None:
    timed.post("2024-01-01-a.md", "Kept")
    timed.build()
    shutil.move(timed.posts.parent, timed.folder / "elsewhere")
    (trouble,) = timed.build().troubles
    assert trouble.startswith("source news: ")
    assert titles(timed) == ["Kept"]


UNCLOSED = rss([("a", "https://blog.example/1", "One"), ("b", "https://blog.example/2", "Two")]).replace(
    b"</item><item>", b"<item>", 1
)


def test_a_document_that_cannot_be_cut_is_read_as_a_whole_and_its_entries_come_once(
    timed: Timed, upstream: UpstreamServer
) -> None:
    upstream.routes["/feed"] = Answer(body=UNCLOSED)
    subscribe(timed, upstream, more='every = "1h"')
    assert timed.build().troubles == []
    first = titles(timed)
    assert "One" in first
    assert timed.build().written == [], "the same bytes again"
    upstream.routes["/feed"] = Answer(body=UNCLOSED.replace(b"Text of One", b"Other text of One"))
    timed.build()
    assert titles(timed) == first
    assert "Other text of One" in (timed.output / "atom.xml").read_text("utf-8")
    timed.set('every = "1h"', 'every = "1h"\ncategories = ["planet"]')
    timed.build(offline=True)  # what was kept of it is understood again as far as it can be
    assert titles(timed) == first


def test_an_entry_that_makes_none_takes_no_other_with_it(timed: Timed, upstream: UpstreamServer) -> None:
    body = rss([("a", "https://blog.example/1", "One"), ("b", "https://blog.example/2", "Two")])
    item = body[body.index(b"<item>") : body.index(b"</item>") + 7]
    for odd in (
        b"<item/>",
        b"<item></item>",
        item.replace(b"<item>", b"<item><entry></entry>"),
        b"<rss:item/>",
    ):
        upstream.routes["/feed"] = Answer(body=body.replace(b"</channel>", odd + b"</channel>"))
        if not timed.output.exists():
            subscribe(timed, upstream, more='every = "1h"')
        assert timed.build().troubles == []
        assert {"One", "Two"} <= set(titles(timed))


def test_half_a_character_in_json_is_shown_as_one_that_is_none(
    timed: Timed, upstream: UpstreamServer
) -> None:
    bad = "\\ud800"
    upstream.routes["/feed"] = Answer(
        body=(
            f'{{"version": "https://jsonfeed.org/version/1.1", "title": "B{bad}", "items": [{{"id": "i{bad}", '
            f'"url": "https://blog.example/1", "title": "T{bad}x", "content_text": "C{bad}y", "tags": ["g{bad}"], '
            f'"authors": [{{"name": "N{bad}"}}], "attachments": [{{"url": "https://blog.example/{bad}.mp3", "mime_type": "audio/mpeg"}}]}}]}}'
        ).encode()
    )
    subscribe(timed, upstream)
    report = timed.build()
    assert (report.troubles, report.rejected, report.held) == ([], [], [])
    assert titles(timed) == ["T\ufffdx"]
    text = (timed.output / "atom.xml").read_text("utf-8")
    for word in ("C\ufffdy", "N\ufffd", "g\ufffd"):
        assert word in text
