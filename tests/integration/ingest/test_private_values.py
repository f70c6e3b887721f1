"""What an upstream's feed says that is nobody's business: mail addresses, and the key in the address it is asked at."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from feeds.models import Origin
from feeds.sanitizer.metadata import clean_origin, redact_address, redact_feed_address
from tests.conftest import ROOT, Project
from tests.integration.ingest.test_upstreams import build, subscribe
from tests.rigs.servers import Answer, UpstreamServer, UpstreamThread

KEY = "k3y4711"
ITUNES = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
ATOM = "http://www.w3.org/2005/Atom"


@pytest.fixture
def upstream() -> Iterator[UpstreamServer]:
    with UpstreamThread() as server:
        yield server


def rss(channel: str, item: str, names: str = "") -> bytes:
    title = "" if "<title>" in item else "<title>Ep</title>"
    return (
        f'<?xml version="1.0"?><rss version="2.0" {ITUNES} {names}><channel><title>Src</title><description>d</description>'
        f"{channel}<item>{title}<pubDate>Mon, 06 May 2024 10:00:00 GMT</pubDate><description>x</description>{item}</item>"
        "</channel></rss>"
    ).encode()


def items(project: Project) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((project.output / "feed.json").read_bytes())["items"]
    return found


def publish(project: Project, upstream: UpstreamServer, body: bytes, path: str = "/feed") -> None:
    """Publish what the upstream says; all documents are valid."""
    upstream.routes[path.partition("?")[0]] = Answer(body=body)
    subscribe(project, upstream, path)
    build(project)
    assert project.run("validate").stdout == "no problems found\n"


def find_documents(project: Project, word: str) -> list[str]:
    return [name for name, data in project.bytes().items() if word.encode() in data]


LINK = "<link>https://src.example/1</link>"


AUTHORS: list[tuple[str, str, str | None]] = [
    (
        "<itunes:author>Dafna</itunes:author><itunes:owner><itunes:name>Prod Co</itunes:name>"
        "<itunes:email>p@mail.example</itunes:email></itunes:owner>",
        LINK,
        "Dafna",
    ),
    ("<itunes:owner><itunes:email>p@mail.example</itunes:email></itunes:owner>", LINK, None),
    ("<itunes:owner><itunes:name>p@mail.example</itunes:name></itunes:owner>", LINK, None),
    ("<it:owner><it:name>Prod Co</it:name><it:email>p@mail.example</it:email></it:owner>", LINK, None),
    ("", f"{LINK}<itunes:owner><itunes:email>p@mail.example</itunes:email></itunes:owner>", None),
    ("<webMaster>p@mail.example (Web Master)</webMaster>", LINK, None),
    ("<webMaster>p@mail.example</webMaster>", LINK, None),
    ("<managingEditor>p@mail.example</managingEditor>", LINK, None),
    ("<managingEditor>p@mail.example (Ed Itor)</managingEditor>", LINK, "Ed Itor"),
    (
        "<managingEditor>Ed Itor p@mail.example</managingEditor>",
        f"{LINK}<author>p@mail.example</author>",
        None,
    ),
    ("", f"{LINK}<author>p@mail.example</author>", None),
    ("", f"{LINK}<author>mailto:p@mail.example</author>", None),
    ("", f"{LINK}<author>Jo Doe, p@mail.example, and Al (p@mail.example)</author>", "Jo Doe, and Al"),
    ("", f"{LINK}<dc:creator>p&amp;#64;mail.example</dc:creator>", None),
    ("", f"{LINK}<dc:creator>p@mail.example</dc:creator><dc:creator>Jo</dc:creator>", "Jo"),
    ("", f"{LINK}<itunes:author>Jo @ Home</itunes:author>", "Jo @ Home"),
    ("", f"{LINK}<itunes:author>@jo</itunes:author>", "@jo"),
    ("<dc:publisher>p@mail.example</dc:publisher>", LINK, None),
]


@pytest.fixture(scope="module")
def authors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Who wrote the entries of feeds that all are asked in one run, by title."""
    project = Project(tmp_path_factory.mktemp("authors"))
    names = (
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:it="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    )
    with UpstreamThread() as server:
        for number, (channel, item, _) in enumerate(AUTHORS):
            title, own = f"<title>Case {number}</title>", item.replace("example/1<", f"example/{number}<")
            server.routes[f"/{number}"] = Answer(body=rss(channel, title + own, names))
            subscribe(project, server, f"/{number}", f"s{number}")
        build(project)
    assert project.run("validate").stdout == "no problems found\n"
    assert find_documents(project, "mail.example") == []
    return {str(one["title"]): one.get("authors") for one in items(project)}


@pytest.mark.parametrize("number", range(len(AUTHORS)))
def test_no_mail_address_becomes_the_name_of_an_author(authors: dict[str, object], number: int) -> None:
    name = AUTHORS[number][2]
    assert authors[f"Case {number}"] == ([{"name": name}] if name else None)


def test_nor_does_it_in_other_formats(project: Project, upstream: UpstreamServer) -> None:
    atom = (
        f'<feed xmlns="{ATOM}"><id>urn:f</id><title>T</title><updated>2024-05-06T10:00:00Z</updated><author><name>Ann</name></author>'
        '<entry><id>urn:e</id><title>E</title><link href="https://src.example/1"/><updated>2024-05-06T10:00:00Z</updated>'
        "<author><email>p@mail.example</email><name></name></author><content>x</content></entry>"
        '<entry><id>urn:e2</id><title>E2</title><link href="https://src.example/2"/><updated>2024-05-05T10:00:00Z</updated>'
        "<author><name>p@mail.example</name></author><content>y</content></entry></feed>"
    )
    upstream.routes["/atom"] = Answer(body=atom.encode())
    subscribe(project, upstream, "/atom", "atom")
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "J",
        "items": [
            {
                "id": "j1",
                "url": "https://src.example/3",
                "content_text": "z",
                "authors": [{"name": "p@mail.example"}, {"name": "Jo <p@mail.example>"}],
            }
        ],
    }
    upstream.routes["/json"] = Answer(body=json.dumps(feed).encode())
    subscribe(project, upstream, "/json", "json")
    project.post("2024-01-02-a.md", "F", author="p@mail.example")
    project.post("2024-01-03-a.md", "G", author="Jo Doe <p@mail.example>")
    build(project)
    assert find_documents(project, "mail.example") == []
    found = {one["title"]: one.get("authors") for one in items(project)}
    assert found == {"z": [{"name": "Jo"}], "E": None, "E2": None, "F": None, "G": [{"name": "Jo Doe"}]}


def test_an_entry_without_a_link_leads_to_the_pages_of_its_feed(
    project: Project, upstream: UpstreamServer
) -> None:
    media = '<enclosure url="https://cdn.example/1.mp3" type="audio/mpeg" length="5"/>'
    publish(
        project,
        upstream,
        rss("<link>https://src.example/</link>", f'<guid isPermaLink="false">Buzz-1</guid>{media}'),
        f"/feed?key={KEY}",
    )
    assert [one["url"] for one in items(project)] == ["https://src.example/"]
    assert find_documents(project, KEY) == []


def test_a_guid_may_be_a_path(project: Project, upstream: UpstreamServer) -> None:
    item = '<guid isPermaLink="true">/blog/one</guid>'
    publish(project, upstream, rss(f"<link>{upstream.url('/blog')}</link>", item))
    assert [one["url"] for one in items(project)] == [upstream.url("/blog/one")]


def feed_of(own: str) -> dict[str, bytes]:
    """Documents that give the address which they are asked at, by what it is given as."""
    guid = "<guid isPermaLink='false'>g1</guid>"
    atom = (
        f'<feed xmlns="{ATOM}"><id>{{id}}</id><title>T</title><updated>2024-05-06T10:00:00Z</updated>{{head}}'
        "<entry><id>urn:e</id><title>E</title><updated>2024-05-06T10:00:00Z</updated>{link}"
        '<content type="html">&lt;a href="#top"&gt;x&lt;/a&gt; &lt;a href="?b=1"&gt;y&lt;/a&gt; &lt;img src=""&gt;</content></entry></feed>'
    )
    return {
        "nothing": rss("", guid),
        "nothing at all": rss("", ""),
        "the channel's link": rss(f"<link>{own}</link>", guid),
        "an empty link": rss("<link></link>", f"{guid}<link></link>"),
        "the item's link": rss("", f"{guid}<link>{own}</link>"),
        "a part of it": rss("", f"{guid}<link>#part</link>"),
        "a part of it in full": rss("", f"{guid}<link>{own}#part</link>"),
        "the guid": rss("", f"<guid>{own}</guid>"),
        "the guid and a number": rss("", f"<guid>{own}#1</guid>"),
        "its own address": rss(f'<atom:link xmlns:atom="{ATOM}" rel="self" href="{own}"/>', guid),
        "an enclosure": rss("", f'{guid}<enclosure url="#a" type="audio/mpeg" length="1"/>'),
        "atom": atom.format(id="urn:f", head="", link="").encode(),
        "atom id": atom.format(
            id=own, head=f'<link rel="self" href="{own}"/>', link='<link href=""/>'
        ).encode(),
        "atom link": atom.format(
            id="urn:f", head=f'<link href="{own}"/>', link=f'<link href="{own}"/>'
        ).encode(),
        "json": json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "T",
                "home_page_url": own,
                "feed_url": own,
                "items": [
                    {"id": "1", "content_html": "<a href='#x'>x</a>"},
                    {"id": "2", "url": own, "content_text": "y"},
                ],
            }
        ).encode(),
        "a broken document": rss("", guid).replace(b"</item>", b"").replace(b"</channel></rss>", b""),
    }


def test_no_document_holds_the_key_of_a_subscribed_address(
    project: Project, upstream: UpstreamServer
) -> None:
    project.set("entries = 50", "entries = 3")
    names = list(feed_of("https://x.example/feed"))
    for number, name in enumerate(names):
        path = f"/feed{number}?u={KEY}"
        upstream.routes[f"/feed{number}"] = Answer(body=feed_of(upstream.url(path))[name])
        subscribe(project, upstream, path, f"s{number}", f'title = "{name}"\ncategories = ["c{number}"]')
    build(project)
    assert project.run("validate").stdout == "no problems found\n"
    assert find_documents(project, KEY) == []
    for number, name in enumerate(names):
        found = json.loads((project.output / f"category/c{number}/feed.json").read_bytes())["items"]
        assert found, name
        assert upstream.url(f"/feed{number}") not in [one.get("url") for one in found], name


def test_an_address_that_leads_to_another_one_is_not_published_either(
    project: Project, upstream: UpstreamServer
) -> None:
    upstream.routes["/old"] = Answer(302, b"", {"Location": upstream.url(f"/feed?u=x{KEY}")})
    upstream.routes["/feed"] = Answer(
        body=rss(f"<link>{upstream.url(f'/old?u={KEY}')}</link>", "<guid isPermaLink='false'>g</guid>")
    )
    subscribe(project, upstream, f"/old?u={KEY}")
    build(project)
    assert find_documents(project, KEY) == []


def test_a_list_gives_its_feeds_no_name_with_a_key(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(
        body=rss("", "<guid isPermaLink='false'>g</guid>").replace(b"<title>Src</title>", b"")
    )
    outline = f'<outline type="rss" xmlUrl="{upstream.url(f"/feed?u={KEY}")}"/>'
    (project.folder / "list.opml").write_text(f'<opml version="2.0"><body>{outline}</body></opml>')
    project.set(
        "[[identity]]",
        f'[[sources]]\nname = "planet"\nkind = "opml"\npath = "list.opml"\nallow = ["{upstream.authority}"]\n[[identity]]',
    )
    build(project)
    assert len(items(project)) == 1
    assert find_documents(project, KEY) == []


def test_the_page_for_operators_shows_no_key(project: Project, upstream: UpstreamServer) -> None:
    upstream.routes["/feed"] = Answer(body=rss("", "<guid isPermaLink='false'>g</guid>"))
    subscribe(project, upstream, f"/feed?u={KEY}")
    upstream.routes["/gone"] = Answer(body=b"no feed")
    subscribe(project, upstream, f"/gone?u={KEY}", "gone")
    project.set("[[identity]]", '[serve]\nlisten = "127.0.0.1:0"\n[[identity]]')
    build(project)
    command = [sys.executable, "-m", "feeds", "serve", "-c", str(project.config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        address = next(word for word in process.stdout.readline().split() if word.startswith("http"))
        with urllib.request.urlopen(f"{address.rstrip('/,')}/status", timeout=20) as answer:
            page = answer.read().decode()
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert "Src" in page
    assert KEY not in page


def test_a_store_from_before_publishes_it_no_more(project: Project, upstream: UpstreamServer) -> None:
    path = f"/feed?u={KEY}"
    publish(
        project,
        upstream,
        rss("<link>https://src.example/</link>", "<guid isPermaLink='false'>g</guid>"),
        path,
    )
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(project.folder / "state/feedd.db")) as db, db:  # as an older feedd left it
        (text,) = db.execute("SELECT data FROM sighting").fetchone()
        values = json.loads(text)
        values[2] = upstream.url(path)
        db.execute("UPDATE sighting SET data = ?", (json.dumps(values),))
        db.execute(
            "UPDATE post SET shown = replace(shown, 'https://src.example/', ?), digest = x'00'", (values[2],)
        )
        db.execute("UPDATE source SET settings = 'older'")
        db.execute("UPDATE meta SET value = 'older' WHERE name = 'render'")
    assert project.run("build", "--offline").returncode == 0
    assert find_documents(project, KEY) == []
    assert [one["url"] for one in items(project)] == ["https://src.example/"]


@pytest.mark.parametrize(
    ("address", "published"),
    [
        ("https://a.example/feed?key=1", "https://a.example/feed"),
        ("https://a.example/?feed=rss2&u=abc", "https://a.example/?feed=rss2"),
        ("https://a.example/?feed=rss2;%6bey=abc", "https://a.example/?feed=rss2"),
        ("https://a.example/?rss", "https://a.example/?rss"),
        ("https://a.example/x?format=0123456789abcdef0123456789", "https://a.example/x"),
        ("https://jo:pw@a.example/x#top", "https://a.example/x"),
        (
            "https://v.example/x?channel_id=UC0123456789012345678901",
            "https://v.example/x?channel_id=UC0123456789012345678901",
        ),
    ],
)
def test_how_the_address_of_a_feed_is_published(address: str, published: str) -> None:
    assert redact_feed_address(address) == published
    assert clean_origin(Origin(address, "T", address, "")) == Origin(published, "T", published, "")


def test_how_the_address_of_its_pages_is_published() -> None:
    assert (
        redact_address("https://jo:pw@a.example/forum?f=5&token=x;sid=1#new")
        == "https://a.example/forum?f=5#new"
    )
    assert redact_address("https://a.example/#access_token=x") == "https://a.example/"


def test_no_login_in_an_address_is_published(project: Project, upstream: UpstreamServer) -> None:
    login = f"ann:{KEY}@"
    text = (
        f'<a href="https://{login}src.example/a">a</a> <a href="//{login}src.example/b">b</a>'
        f'<img src="http://{login}src.example/c.png" srcset="https://{login}src.example/d.png 2x">'
        f'<video poster="https://{login}src.example/e.png" src="https://{login}src.example/f.mp4"></video>'
        f'<blockquote cite="https://{login}src.example/g">g</blockquote>'
    )
    item = (
        f"<link>https://{login}src.example/1</link><guid>https://{login}src.example/1</guid>"
        f'<enclosure url="https://{login}src.example/h.mp3" type="audio/mpeg" length="1"/>'
        f'<itunes:image href="https://{login}src.example/i.png"/>'
        f"<content:encoded><![CDATA[{text}]]></content:encoded>"
    )
    names = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    publish(project, upstream, rss("", item, names))
    assert find_documents(project, KEY) == []
    (entry,) = items(project)
    assert entry["url"] == "https://src.example/1"
    assert str(entry["id"]).startswith("urn:uuid:")
    for name in ("a", "b", "c.png", "d.png 2x", "e.png", "f.mp4", "g"):
        assert f"//src.example/{name}" in str(entry["content_html"])
