"""Feeds as feedgen writes them, with what it would leave out."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from feeds.models import Enclosure, Term
from feeds.renderer.feedgen_writer import add_entry, build_empty_head, build_feed, serialise_feed
from tests.unit.renderer.test_documents import HEAD, URL, WHEN
from tests.unit.renderer.test_entries import PLAIN, RICH

A = "{http://www.w3.org/2005/Atom}"
NS = {
    "a": "http://www.w3.org/2005/Atom",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "dc": "http://purl.org/dc/elements/1.1/",
}
ARCHIVE = replace(
    HEAD,
    hubs=("https://hub.example/",),
    before=(("atom", URL + "archive/1.atom.xml"), ("rss", URL + "archive/1.rss.xml")),
    current=(("atom", URL + "atom.xml"), ("rss", URL + "rss.xml")),
    deleted=(("urn:x:9", WHEN),),
)


def write(form: str, head=HEAD, entries=()) -> etree._Element:
    feed = build_feed(head, form)
    for entry in entries:
        add_entry(feed, entry, URL, "en")
    return etree.fromstring(serialise_feed(feed, form))


def list_links(element: etree._Element) -> list[tuple[str, str, str]]:
    return [(one.get("rel"), one.get("href"), one.get("type", "")) for one in element.findall(A + "link")]


def test_the_head_of_an_atom_feed() -> None:
    root = write("atom")
    assert root.findtext(A + "id") == HEAD.id
    assert root.findtext(A + "title") == HEAD.title
    assert root.findtext(A + "subtitle") == HEAD.subtitle
    assert root.findtext(A + "updated") == WHEN.isoformat()
    assert root.findtext(A + "author/" + A + "name") == HEAD.author
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh-CN"
    assert set(list_links(root)) == {
        ("self", URL + "atom.xml", "application/atom+xml"),
        ("alternate", URL, "text/html"),
    }


def test_an_archive_names_its_neighbours_hubs_and_removed_entries() -> None:
    root = write("atom", ARCHIVE)
    assert {(rel, href) for rel, href, _ in list_links(root)} == {
        ("self", URL + "atom.xml"),
        ("hub", "https://hub.example/"),
        ("prev-archive", URL + "archive/1.atom.xml"),
        ("current", URL + "atom.xml"),
        ("alternate", URL),
    }
    assert root.find("fh:archive", NS) is not None
    assert dict(root.find("at:deleted-entry", NS).attrib) == {"ref": "urn:x:9", "when": WHEN.isoformat()}


def test_an_rss_channel_has_the_same_links() -> None:
    channel = write("rss", ARCHIVE).find("channel")
    assert [(one.get("rel"), one.get("href")) for one in channel.findall(A + "link")] == [
        ("self", URL + "rss.xml"),
        ("hub", "https://hub.example/"),
        ("prev-archive", URL + "archive/1.rss.xml"),
        ("current", URL + "rss.xml"),
    ]
    assert channel.find("fh:archive", NS) is not None
    assert channel.find("at:deleted-entry", NS) is None
    assert write("rss").find("channel").find("fh:archive", NS) is None


def test_a_rich_entry_of_atom() -> None:
    entry = write("atom", entries=[RICH]).find(A + "entry")
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    links = [dict(one.attrib) for one in entry.findall(A + "link")]
    assert list({link["href"]: link for link in links}.values()) == [
        {"href": RICH.link, "rel": "alternate", "type": "text/html"},
        {"href": "https://a.example/a.mp3", "rel": "enclosure", "type": "audio/mpeg", "length": "5"},
        {"href": "https://a.example/b", "rel": "enclosure"},
    ]
    source = entry.find(A + "source")
    assert [(one.tag.removeprefix(A), one.text, one.get("rel")) for one in source] == [
        ("id", "urn:o", None),
        ("title", "Other", None),
        ("updated", WHEN.isoformat(), None),
        ("link", None, "self"),
        ("link", None, "alternate"),
    ]
    assert [
        (one.get("term"), one.get("scheme"), one.get("label")) for one in entry.findall(A + "category")
    ] == [
        ("n", URL + "tag/", "News"),
        ("n", URL + "category/", "News"),
    ]
    assert entry.findtext(A + "rights") == "CC0"


def test_a_rich_item_of_rss() -> None:
    item = write("rss", entries=[RICH]).find("channel/item")
    assert item.find("guid").get("isPermaLink") == "false"
    assert dict(item.find("enclosure").attrib) == {
        "url": "https://a.example/a.mp3",
        "length": "5",
        "type": "audio/mpeg",
    }
    assert [dict(one.attrib) for one in item.findall("media:content", NS)] == [{"url": "https://a.example/b"}]
    assert item.findtext("itunes:duration", namespaces=NS) == "1:15"
    assert item.find("itunes:image", NS).get("href") == "https://a.example/i.png"
    assert [one.text for one in item.findall("dc:creator", NS)] == ["Ann", "Bob"]
    assert item.findtext("dc:rights", namespaces=NS) == "CC0"


def test_a_plain_entry_has_nothing_that_it_does_not_state() -> None:
    entry = write("atom", entries=[PLAIN]).find(A + "entry")
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") is None
    assert entry.find(A + "source") is None
    assert entry.find(A + "category") is None
    without = PLAIN._replace(html="", summary="", link="", terms=(Term("tag", "a", "a", "A"),))
    entry = write("atom", entries=[without]).find(A + "entry")
    assert entry.findtext(A + "content") == entry.findtext(A + "summary") == "Title"
    assert entry.find(A + "link") is None


def test_an_enclosure_without_a_type_is_of_any_type_in_rss() -> None:
    one = PLAIN._replace(enclosures=(Enclosure("https://a.example/b"),))
    item = write("rss", entries=[one]).find("channel/item")
    assert item.find("enclosure").get("type") == "application/octet-stream"
    assert item.find("media:content", NS) is None


def test_a_head_of_which_nothing_is_used() -> None:
    assert write("rss", build_empty_head("en")).findtext("channel/language") == "en"
