"""Entries and heads of the usual kind, written out directly: the bytes that the library gives, in a tenth of its time.

An entry that says more than text, dates, authors and terms is left to the library, and the head of an archive
(``docs/decisions/0007-direct-entries.md``).
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from functools import lru_cache

from feeds.models import Entry, FeedHead, Format, Term

_XML = "<?xml version='1.0' encoding='UTF-8'?>\n"
_RSS_NAMES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def is_usual(entry: Entry, language: str) -> bool:
    """Whether this module writes such entries, in a feed of this language."""
    more = entry.enclosures or entry.rights or entry.extras or entry.origin
    return not more and entry.language in ("", language) and all(entry.authors)


def atom(entry: Entry, site_url: str) -> bytes:
    """The element ``entry`` of Atom (RFC 4287, 4.1.2)."""
    authors = "".join(f"<author><name>{_text(name)}</name></author>" for name in entry.authors)
    terms = "".join(_atom_category(term, site_url) for term in entry.terms)
    before = (
        f"<entry><id>{_text(entry.id)}</id><title>{_text(entry.title)}</title>"
        f"<updated>{entry.updated.isoformat()}</updated>{authors}"
        '<content type="html">'
    )
    after = (
        f'</content><link href="{_value(entry.link)}" rel="alternate" type="text/html"/>'
        f"<summary>{_text(entry.summary or entry.title)}</summary>{terms}"
        f"<published>{entry.published.isoformat()}</published></entry>"
    )
    return before.encode() + _content(entry) + after.encode()


def rss(entry: Entry, site_url: str) -> bytes:
    """The element ``item`` of RSS 2.0."""
    creators = "".join(f"<dc:creator>{_text(name)}</dc:creator>" for name in entry.authors)
    terms = "".join(_rss_category(term, site_url) for term in entry.terms)
    before = (
        f"<item><title>{_text(entry.title)}</title><link>{_text(entry.link)}</link>"
        f"<description>{_text(entry.summary or entry.title)}</description>"
        "<content:encoded>"
    )
    after = (
        f'</content:encoded><guid isPermaLink="false">{_text(entry.id)}</guid>{terms}'
        f"<pubDate>{format_datetime(entry.published)}</pubDate>{creators}</item>"
    )
    return before.encode() + _content(entry) + after.encode()


def is_usual_head(head: FeedHead) -> bool:
    """Whether this module writes what stands around the entries of a document with this head."""
    texts = (head.id, head.title, head.subtitle, head.author, head.language)
    return not head.deleted and not head.current and all(texts)


def atom_frame(head: FeedHead) -> tuple[str, str]:
    """What stands before and after the entries of an Atom document (RFC 4287, 4.1.1)."""
    links = [
        ("self", dict(head.self_urls)["atom"], "application/atom+xml"),
        *(("hub", hub, "") for hub in head.hubs),
    ]
    if "atom" in dict(head.before):
        links.append(("prev-archive", dict(head.before)["atom"], "application/atom+xml"))
    links.append(("alternate", head.site_url, "text/html"))
    start = (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{_value(head.language)}"><id>{_text(head.id)}</id>'
        f"<title>{_text(head.title)}</title><updated>{head.updated.isoformat()}</updated>"
        f"<author><name>{_text(head.author)}</name></author>{''.join(_link('link', *one) for one in links)}"
        f"<generator>feedd</generator><subtitle>{_text(head.subtitle)}</subtitle>"
    )
    return start, "</feed>"


def rss_frame(head: FeedHead) -> tuple[str, str]:
    """What stands before and after the entries of an RSS document."""
    links = [
        ("self", dict(head.self_urls)["rss"], "application/rss+xml"),
        *(("hub", hub, "") for hub in head.hubs),
    ]
    if "rss" in dict(head.before):
        links.append(("prev-archive", dict(head.before)["rss"], ""))
    start = (
        f'{_XML}<rss {_RSS_NAMES} version="2.0"><channel><title>{_text(head.title)}</title>'
        f"<link>{_text(head.site_url)}</link><description>{_text(head.subtitle)}</description>"
        f"{''.join(_link('atom:link', *one) for one in links)}<generator>feedd</generator>"
        f"<language>{_text(head.language)}</language><lastBuildDate>{format_datetime(head.updated)}</lastBuildDate>"
    )
    return start, "</channel></rss>"


def _link(name: str, rel: str, address: str, kind: str) -> str:
    media = f' type="{kind}"' if kind else ""
    return f'<{name} href="{_value(address)}" rel="{rel}"{media}/>'


FRAMES: dict[Format, Callable[[FeedHead], tuple[str, str]]] = {"atom": atom_frame, "rss": rss_frame}
WRITERS: dict[Format, Callable[[Entry, str], bytes]] = {"atom": atom, "rss": rss}


@lru_cache(maxsize=4096)
def _atom_category(term: Term, site_url: str) -> str:
    scheme = _value(f"{site_url}{term.kind}/")
    return f'<category term="{_value(term.slug)}" scheme="{scheme}" label="{_value(term.label)}"/>'


@lru_cache(maxsize=4096)
def _rss_category(term: Term, site_url: str) -> str:
    return f'<category domain="{_value(f"{site_url}{term.kind}/")}">{_text(term.label)}</category>'


def _content(entry: Entry) -> bytes:
    """The content, escaped as :func:`_text` does; as bytes, which takes two thirds of the time."""
    data = (entry.html or entry.title).encode().replace(b"&", b"&amp;").replace(b"<", b"&lt;")
    return data.replace(b">", b"&gt;").replace(b"\r", b"&#13;")


def _text(text: str) -> str:
    """Escaped as the library escapes text."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")


def _value(text: str) -> str:
    """Escaped as the library escapes the value of an attribute."""
    return _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
