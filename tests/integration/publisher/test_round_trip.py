"""Every document, read by independent readers, gives the entries that the store has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.integration.ingest.test_upstreams import build, subscribe
from tests.rigs.round_trip import find_disagreements, load_stored, read_all
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

NAMES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)
ITEMS = (
    "<title>Sound &amp;amp; film</title><link>https://a.example/1[2]?q=ü</link><description>Notes</description>"
    '<enclosure url="https://a.example/p.jpg" type="image/jpeg" length="0"/>'
    '<enclosure url="https://a.example/ä b.mp3" type="audio/mpeg" length="5"/><itunes:explicit>yes</itunes:explicit>',
    "<title>The &lt;video&gt; element</title><link>https://straße.example/é</link><category>A &amp; B</category>"
    "<description>Short</description><content:encoded>&lt;p&gt;Long &lt;code&gt;&amp;lt;b&amp;gt;&lt;/code&gt;&lt;br/&gt;"
    "&lt;table&gt;&lt;tr&gt;&lt;td&gt;1&lt;/td&gt;&lt;/tr&gt;&lt;/table&gt;&lt;/p&gt;</content:encoded>",
    '<title>No link at all</title><guid isPermaLink="false">x1</guid><description>AT&amp;amp;T &lt;b&gt;said&lt;/b&gt;</description>',
    "<title>😀 &#55357;&#56832; 中文</title><link>https://a.example/%zz#a#b</link><description>x]]&gt;y</description>"
    '<media:content url="https://a.example/v.mp4" type="video/mp4"/><media:thumbnail url="https://a.example/t.png"/>',
)


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def publish(project: Project, upstream: UpstreamServer) -> None:
    items = "".join(
        f"<item>{item}<pubDate>Mon, {day:02} May 2024 10:00:00 +0200</pubDate></item>"
        for day, item in enumerate(ITEMS, 6)
    )
    text = f'<rss version="2.0" {NAMES}><channel><title>F</title><link>https://a.example/</link>{items}</channel></rss>'
    upstream.routes["/feed"] = Answer(body=text.encode())
    subscribe(project, upstream, "/feed")
    project.post(
        "2024-01-02-a.md",
        "Words: 'a' & <b> Map<K, V>",
        "Text with `<i>` and Vec<T>.\n\n![p](/a[1].png)",
        tags="中文 b&c",
    )
    project.post(
        "2024-01-03-b.md", "Episode", "Notes", audio="/b.mp3", duration="'00:10:00'", author="Ann & Bob"
    )
    project.post(
        "2024-01-04-c.md",
        "Of <i>markup</i>",
        "> quoted\n\n```\n<a> & b\n```",
        date="2024-01-04 03:04:05 -0330",
    )
    build(project)


def list_documents(output: Path) -> list[str]:
    names = ("*.xml", "*.json")
    paths = (path.relative_to(output) for name in names for path in output.rglob(name))
    return sorted(str(path) for path in paths if path.name != "feeds.opml")


def test_every_document_gives_the_entries_of_the_store(project: Project, upstream: UpstreamServer) -> None:
    publish(project, upstream)
    stored = load_stored(project.folder / "state" / "feedd.db")
    assert len(stored) == len(ITEMS) + 3
    documents = list_documents(project.output)
    assert {"atom.xml", "rss.xml", "feed.json"} < set(documents)
    assert [line for path in documents for line in find_disagreements(project.output, path)] == []
    for reader, entries in read_all(project.output / "atom.xml").items():
        read = {entry.id: entry for entry in entries}
        assert read.keys() == stored.keys(), reader
        for uid, (title, link, updated) in stored.items():
            assert read[uid].updated is not None
            assert read[uid].updated.astimezone(UTC) == updated
            assert read[uid].title == title.replace("<i>", "").replace("</i>", "")
            assert read[uid].link == link or not link
