"""What an entry of an upstream says in the many ways in which upstreams say it."""

from __future__ import annotations

import pytest

from feeds.models import Enclosure, Extra, Item
from feeds.parser.feeds.encoding import decode
from feeds.parser.feeds.feed import parse_upstream
from feeds.renderer import namespaces

URL = "https://feeds.example/x/feed.xml"
_NAMES = (
    "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:media='http://search.yahoo.com/mrss/' "
    "xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:dc='http://purl.org/dc/elements/1.1/' "
    "xmlns:podcast='https://podcastindex.org/namespace/1.0' "
    "xmlns:feedburner='http://rssnamespace.org/feedburner/ext/1.0'"
)


def item(inner: str, head: str = "<link>https://site.example/</link>") -> Item:
    text = f"<rss version='2.0' {_NAMES}><channel><title>T</title>{head}<item>{inner}</item></channel></rss>"
    return parse_upstream(decode(text.encode()), URL, "UTC").items[0]


def entry(inner: str, head: str = "") -> Item:
    text = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{head}<entry>{inner}</entry></feed>"
    return parse_upstream(decode(text.encode()), URL, "UTC").items[0]


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("<author>jo@mail.example (Jo Doe)</author>", "Jo Doe"),
        ("<author>Jo Doe &lt;jo@mail.example&gt;</author>", "Jo Doe"),
        ("<author><![CDATA[Jo Doe <jo@mail.example>]]></author>", "Jo Doe"),
        ("<dc:creator>Jo Doe (mailto:jo@mail.example)</dc:creator>", "Jo Doe"),
        ("<author>mailto:jo@mail.example</author>", None),
        ("<author>jo@localhost</author>", None),
        ("<author>jo@mail.museum</author>", None),
        ("<itunes:author>Jo @ Home</itunes:author>", "Jo @ Home"),
        ("<author>jo@mail.example (Jo Doe)</author><dc:creator>Jo Doe</dc:creator>", "Jo Doe"),
    ],
)
def test_a_mail_address_is_told_from_a_name(author: str, name: str) -> None:
    assert item(author).authors == ((name,) if name else ())


@pytest.mark.parametrize("name", ["dc:title", "media:title", "itunes:title"])
def test_the_title_is_the_entry_s_own(name: str) -> None:
    other = f"<{name}>other</{name}>"
    assert item(f"<title>own</title>{other}").title == "own"
    assert item(f"{other}<title>own</title>").title == "own"


def test_a_title_of_dublin_core_counts_where_there_is_no_other() -> None:
    assert item("<dc:title>DC</dc:title>").title == "DC"


def test_a_caption_is_the_text_only_of_what_has_no_other() -> None:
    caption = (
        "<media:group><media:description>A long caption of the &lt;film&gt;</media:description></media:group>"
    )
    assert item(caption).body == "<p>A long caption of the &lt;film&gt;</p>"
    assert item("<description>short</description>" + caption).body == "short"


@pytest.mark.parametrize("kind", ["text", "text/plain", "html"])
def test_content_alone_is_not_its_own_summary(kind: str) -> None:
    found = entry(f'<content type="{kind}">Use &lt;b&gt;x&lt;/b&gt; or Map&lt;K, V&gt;</content>')
    assert found.summary == ""


def test_addresses_of_rss_are_relative_to_the_site() -> None:
    one = item("<link>/a</link><enclosure url='a.mp3' length='3'/>")
    assert one.address == "https://site.example/a"
    assert one.enclosures == (Enclosure("https://site.example/a.mp3", "audio/mpeg", 3),)
    assert item("<link>/a</link>", head="").address == "https://feeds.example/a"


def test_xml_base_is_kept_to_in_every_place() -> None:
    one = entry(
        "<link href='a'/><link rel='enclosure' href='a.ogg'/><content type='html' xml:base='c/'>&lt;img src='i.png'&gt;</content>",
        "<x xml:base='no'/>",
    )
    assert one.address == "https://feeds.example/x/a"
    assert one.body == '<img src="https://feeds.example/x/c/i.png">'
    text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='https://b.example/p/'><entry xml:base='q/'><link href='r'/></entry></feed>"
    assert parse_upstream(text, URL, "UTC").items[0].address == "https://b.example/p/q/r"


@pytest.mark.parametrize(
    ("inner", "address"),
    [
        ("<link>at://did/post</link><link>https://site.example/p</link>", "https://site.example/p"),
        ("<link>https://proxy.example/1</link><feedburner:origLink>https://site.example/1</feedburner:origLink>", "https://site.example/1"),
        ("<link></link><guid>https://site.example/g</guid>", "https://site.example/g"),
        ("<link>//cdn.example/p</link>", "https://cdn.example/p"),
    ],
)  # fmt: skip
def test_the_page_of_an_entry(inner: str, address: str) -> None:
    assert item(inner).address == address


def test_an_id_that_is_an_address_is_the_page_of_an_entry_without_a_link() -> None:
    assert entry("<id>https://site.example/e</id>").address == "https://site.example/e"


def test_language_and_rights_of_the_feed_hold_for_its_entries() -> None:
    assert item("<title>t</title>", "<language>en-us</language>").language == "en-US"
    assert item("<dc:language>fr</dc:language>", "<language>en-us</language>").language == "fr"
    assert item("<title>t</title>", "<language>English, mostly</language>").language == ""
    assert entry("<title>t</title>", "<rights>CC0</rights>").rights == "CC0"
    assert entry("<rights>mine</rights>", "<rights>CC0</rights>").rights == "mine"


def test_media_come_once_with_their_type_the_enclosure_first() -> None:
    one = item(
        "<media:content url='https://m.example/v.mp4' fileSize='9'/><media:thumbnail url='/t.webp'/>"
        "<media:content url='https://m.example/a.mp3'/><enclosure url='https://m.example/a.mp3' type='audio/x' length='4'/>"
        "<enclosure url='' length='0'/>"
    )
    assert one.enclosures == (
        Enclosure("https://m.example/a.mp3", "audio/x", 4),
        Enclosure("https://m.example/v.mp4", "video/mp4", 9),
        Enclosure("https://site.example/t.webp", "image/webp", 0),
    )


def test_an_enclosure_of_atom_without_a_type_is_no_page() -> None:
    one = entry(
        "<link rel='enclosure' href='https://m.example/a.ogg'/><link rel='enclosure' href='https://m.example/b'/>"
    )
    assert [media.type for media in one.enclosures] == ["audio/ogg", ""]


def test_an_enclosure_before_a_redirecting_service_is_meant() -> None:
    original = "<feedburner:origEnclosureLink>https://m.example/a.mp3</feedburner:origEnclosureLink>"
    one = item("<enclosure url='https://proxy.example/a.mp3' type='audio/mpeg' length='4'/>" + original)
    assert one.enclosures == (Enclosure("https://m.example/a.mp3", "audio/mpeg", 4),)


def test_elements_of_podcasts_keep_their_text_and_attributes() -> None:
    one = item(
        "<podcast:transcript url='/t.vtt?a=1&amp;b=2' type='text/vtt'/><podcast:transcript url='/t.srt' type='application/srt'/>"
        "<podcast:person role='host' img='/j.png'>Jane &amp; <![CDATA[]]></podcast:person>"
        "<podcast:person><![CDATA[Joe <b>]]></podcast:person><podcast:season name='Two'>2</podcast:season>"
        "<description><![CDATA[<podcast:person>no</podcast:person>]]></description>"
    )
    found = dict.fromkeys(one.extras)
    assert (
        Extra("podcast:transcript", "", (("url", "https://site.example/t.vtt?a=1&b=2"), ("type", "text/vtt")))
        in found
    )
    assert (
        Extra("podcast:transcript", "", (("url", "https://site.example/t.srt"), ("type", "application/srt")))
        in found
    )
    assert Extra("podcast:person", "Joe <b>") in found
    assert Extra("podcast:season", "2", (("name", "Two"),)) in found
    assert [extra.text for extra in one.extras].count("no") == 0
    assert one.body == "<podcast:person>no</podcast:person>"  # fmt: skip


def test_a_document_takes_fields_only_as_their_forms_say() -> None:
    said = [
        Extra("itunes:duration", "12:30"),
        Extra("itunes:duration", "13:00"),
        Extra("itunes:explicit", "perhaps"),
        Extra("itunes:image", "", (("href", "javascript:alert(1)"),)),
        Extra("podcast:transcript", "", (("url", "https://m.example/t"),)),
        Extra("podcast:chapters", "", (("url", "https://m.example/c"), ("type", "application/json"), ("on", "x"))),
        Extra("podcast:unknown", "x"),
    ]  # fmt: skip
    assert list(namespaces.filter_valid(said)) == [
        Extra("itunes:duration", "12:30"),
        Extra("podcast:chapters", "", (("url", "https://m.example/c"), ("type", "application/json"))),
    ]
    assert namespaces.parse_duration(said) == 750


_DAYS = {"own": "2024-05-01T00:00:00Z", "other": "2020-01-01T00:00:00Z"}


@pytest.mark.parametrize("name", ["dc:date", "dcterms:issued", "dcterms:created", "atom:published"])
def test_a_date_of_an_extension_does_not_replace_that_of_the_format(name: str) -> None:
    names = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/' xmlns:atom='http://www.w3.org/2005/Atom'"
    other = f"<{name} {names}>{_DAYS['other']}</{name}>"
    own = "<pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate>"
    for text in (own + other, other + own):
        read = item(text)
        assert (str(read.published)[:10], read.updated) == ("2024-05-01", None)
    if name != "atom:published":
        own = f"<published>{_DAYS['own']}</published><updated>{_DAYS['own']}</updated>"
        for text in (own + other, other + own):
            read = entry(text)
            assert (str(read.published)[:10], str(read.updated)[:10]) == ("2024-05-01", "2024-05-01")
    assert str(item(other).published)[:10] == "2020-01-01"


def test_a_later_change_that_an_extension_states_is_a_change() -> None:
    own = "<pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate>"
    changed = "<atom:updated xmlns:atom='http://www.w3.org/2005/Atom'>2024-06-01T00:00:00Z</atom:updated>"
    assert str(item(own + changed).updated)[:10] == "2024-06-01"


MEDIA = (
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">'
    "<channel><title>t</title><item><title>a</title><guid>1</guid>{}</item></channel></rss>"
)
GROUP = (
    '<media:group><media:content url="https://a.example/low.mp4" type="video/mp4"/>'
    '<media:content url="https://a.example/usual.mp4" type="video/mp4" isDefault="true" duration="125"/></media:group>'
)


def test_the_default_of_a_group_of_media_comes_first_with_its_duration() -> None:
    (item,) = parse_upstream(MEDIA.format(GROUP), "https://a.example/f", "UTC").items
    assert [enclosure.url[18:] for enclosure in item.enclosures] == ["usual.mp4", "low.mp4"]
    assert item.extras == (Extra("itunes:duration", "125"),)


def test_the_duration_of_itunes_comes_before_that_of_media() -> None:
    own = "<itunes:duration>2:06</itunes:duration>"
    (item,) = parse_upstream(MEDIA.format(own + GROUP), "https://a.example/f", "UTC").items
    assert item.extras == (Extra("itunes:duration", "2:06"),)


def test_escaped_marks_of_character_data_are_no_text() -> None:
    body = "<description><![CDATA[&lt;![CDATA[<b>y</b>]]&gt;]]></description>"
    (item,) = parse_upstream(MEDIA.format(body), "https://a.example/f", "UTC").items
    assert item.body == "<b>y</b>"


def test_addresses_of_an_entry_without_a_page_are_relative_to_the_feed() -> None:
    found = item("<title>T</title><description>&lt;img src='i.png'&gt; and words</description>", head="")
    assert 'src="https://feeds.example/x/i.png"' in found.body.replace("'", '"')
    found = item(
        "<link>https://site.example/p/1</link><description>&lt;img src='i.png'&gt; and words</description>"
    )
    assert "i.png" in found.body
    assert "feeds.example" not in found.body
