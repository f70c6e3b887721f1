"""Write a channel in each format of feeds; the text is encoded elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from benchmarks.same.articles import Article, Channel

Write = Callable[[Channel], str]

_ESCAPED = ' type="text/html" mode="escaped"'
_NO_LINK = ' isPermaLink="false"'


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text, quote=False)}</{name}>" if text else ""


def _mail_date(when: datetime | None) -> str:
    return format_datetime(when) if when else ""


def _iso_date(when: datetime | None) -> str:
    return when.isoformat() if when else ""


def write_rss20(channel: Channel) -> str:
    """RSS 2.0 with the modules that feeds really use."""
    items = "".join(_rss_item(one) for one in channel.articles)
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:podcast="https://podcastindex.org/namespace/1.0"'
        f' xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"{channel.root}><channel>'
        f"{_element('title', channel.title)}{_element('link', channel.home)}"
        f'<atom:link rel="self" href="{channel.url}" type="application/rss+xml"/>'
        f"<description>Notes</description>{_element('language', channel.language)}{channel.extra}"
        f"{items}</channel></rss>"
    )


def _rss_item(one: Article) -> str:
    media = '<enclosure url="{}" type="{}" length="{}"/>'.format(*one.enclosure) if one.enclosure else ""
    return (
        f"<item>{_element('title', one.title)}{_element('link', one.link)}"
        f"{_element('guid', one.guid, _NO_LINK)}{_element('pubDate', _mail_date(one.published))}"
        f"{_element('dc:creator', one.author)}{''.join(_element('category', term) for term in one.terms)}"
        f"{_element('description', one.summary)}<content:encoded><![CDATA[{one.body}]]></content:encoded>"
        f"{media}{one.extra}</item>\n"
    )


def write_rss09(version: str) -> Write:
    """RSS 0.91 or 0.92: the body is the description, and there are no ids."""

    def write(channel: Channel) -> str:
        items = "".join(
            f"<item>{_element('title', one.title)}{_element('link', one.link)}"
            f"{_element('description', one.body)}{_element('pubDate', _mail_date(one.published))}{one.extra}</item>\n"
            for one in channel.articles
        )
        return (
            f'<rss version="{version}"{channel.root}><channel>{_element("title", channel.title)}'
            f"{_element('link', channel.home)}<description>Notes</description>"
            f"{_element('language', channel.language)}{channel.extra}{items}</channel></rss>"
        )

    return write


def write_rdf(namespace: str) -> Write:
    """RSS 1.0, or 0.90 with the older namespace: items stand beside the channel."""

    def write(channel: Channel) -> str:
        order = "".join(f'<rdf:li rdf:resource="{one.link}"/>' for one in channel.articles)
        items = "".join(
            f'<item rdf:about="{one.link}">{_element("title", one.title)}{_element("link", one.link)}'
            f"{_element('description', one.body)}{_element('dc:date', _iso_date(one.published))}"
            f"{_element('dc:creator', one.author)}"
            f"{''.join(_element('dc:subject', term) for term in one.terms)}{one.extra}</item>\n"
            for one in channel.articles
        )
        return (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            f' xmlns="{namespace}" xmlns:dc="http://purl.org/dc/elements/1.1/"{channel.root}>'
            f'<channel rdf:about="{channel.url}">{_element("title", channel.title)}{_element("link", channel.home)}'
            f"<description>Notes</description>{_element('dc:language', channel.language)}{channel.extra}"
            f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>{items}</rdf:RDF>"
        )

    return write


def write_atom10(channel: Channel) -> str:
    """Atom 1.0; every third entry has its content as XHTML."""
    entries = "".join(_atom_entry(one, number) for number, one in enumerate(channel.articles))
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{channel.language}"{channel.root}>'
        f"<id>{channel.url}</id>{_element('title', channel.title)}"
        f'<link rel="self" href="{channel.url}"/><link rel="alternate" href="{channel.home}"/>'
        f"<updated>2024-01-01T00:00:00Z</updated>{channel.extra}{entries}</feed>"
    )


def _atom_entry(one: Article, number: int) -> str:
    media = (
        '<link rel="enclosure" href="{}" type="{}" length="{}"/>'.format(*one.enclosure)
        if one.enclosure
        else ""
    )
    terms = "".join(f'<category term="{escape(term)}" label="{escape(term)}"/>' for term in one.terms)
    if number % 3 == 2:
        text = escape(one.summary, quote=False)
        content = (
            f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div></content>'
        )
    else:
        content = _element("content", one.body, ' type="html"')
    return (
        f"<entry><id>{one.guid}</id>{_element('title', one.title)}"
        f'<link rel="alternate" href="{one.link}"/>{media}'
        f"{_element('published', _iso_date(one.published))}"
        f"{_element('updated', _iso_date(one.updated or one.published))}"
        f"<author>{_element('name', one.author)}<email>someone@{one.guid[4:8]}.example</email></author>{terms}"
        f"{_element('summary', one.summary)}{content}{one.extra}</entry>\n"
    )


def write_atom03(channel: Channel) -> str:
    """Atom 0.3, which came before the standard."""
    entries = "".join(
        f'<entry><id>{one.guid}</id>{_element("title", one.title)}<link rel="alternate" type="text/html" href="{one.link}"/>'
        f"{_element('issued', _iso_date(one.published))}{_element('modified', _iso_date(one.updated or one.published))}"
        f"<author>{_element('name', one.author)}</author>"
        f"{_element('content', one.body, _ESCAPED)}{one.extra}</entry>\n"
        for one in channel.articles
    )
    return (
        f'<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="{channel.language}"{channel.root}>'
        f'{_element("title", channel.title)}<link rel="alternate" type="text/html" href="{channel.home}"/>'
        f"<modified>2024-01-01T00:00:00Z</modified>{channel.extra}{entries}</feed>"
    )


def write_cdf(channel: Channel) -> str:
    """Microsoft's Channel Definition Format."""
    items = "".join(
        f'<ITEM HREF="{one.link}" LASTMOD="{_iso_date(one.published)[:16]}">{_element("TITLE", one.title)}'
        f"{_element('ABSTRACT', one.summary)}</ITEM>\n"
        for one in channel.articles
    )
    return (
        f'<CHANNEL HREF="{channel.home}">{_element("TITLE", channel.title)}'
        f"<ABSTRACT>Notes</ABSTRACT>{items}</CHANNEL>"
    )


def write_json(version: str) -> Write:
    """JSON Feed 1.0 or 1.1."""

    def write(channel: Channel) -> str:
        document = {
            "version": f"https://jsonfeed.org/version/{version}",
            "title": channel.title,
            "home_page_url": channel.home,
            "feed_url": channel.url,
            "language": channel.language,
            "items": [_json_item(one, version) for one in channel.articles],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    return write


def _json_item(one: Article, version: str) -> dict[str, Any]:
    author = {"name": one.author}
    values = {
        "id": one.guid,
        "url": one.link,
        "title": one.title,
        "content_html": one.body,
        "summary": one.summary,
        "date_published": _iso_date(one.published),
        "date_modified": _iso_date(one.updated),
        "tags": list(one.terms),
        **({"author": author} if version == "1" else {"authors": [author]}),
    }
    if one.enclosure:
        url, kind, length = one.enclosure
        values["attachments"] = [{"url": url, "mime_type": kind, "size_in_bytes": length}]
    return {name: value for name, value in values.items() if value}


FORMATS: dict[str, tuple[Write, str]] = {
    "rss20": (write_rss20, "application/rss+xml"),
    "rss092": (write_rss09("0.92"), "text/xml"),
    "rss091": (write_rss09("0.91"), "text/xml"),
    "rss10": (write_rdf("http://purl.org/rss/1.0/"), "application/rdf+xml"),
    "rss090": (write_rdf("http://my.netscape.com/rdf/simple/0.9/"), "application/rdf+xml"),
    "atom10": (write_atom10, "application/atom+xml"),
    "atom03": (write_atom03, "application/xml"),
    "cdf": (write_cdf, "application/x-cdf"),
    "json11": (write_json("1.1"), "application/feed+json"),
    "json10": (write_json("1"), "application/json"),
}
"""What writes each format, and its media type."""
