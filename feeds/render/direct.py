"""Entries of the usual kind, written out directly: the bytes that the library gives, in a tenth of its time.

An entry that says more than text, dates, authors and terms is left to the library
(``docs/decisions/0007-direct-entries.md``).
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from functools import lru_cache

from feeds.model import Entry, Format, Term


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
