"""What names every feed: ``feeds.opml`` for programs, ``index.html`` for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from feeds.model import Format, Kind

_HEADINGS = (("all", "All posts"), ("category", "Categories"), ("tag", "Tags"))
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON"}
_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
_STYLE = """:root{color-scheme:light dark;--line:#8884;--soft:#666}
@media(prefers-color-scheme:dark){:root{--soft:#aaa}}
body{font:16px/1.6 system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:56rem;margin:0 auto;padding:1rem}
h1{line-height:1.25;margin:.5em 0 0}h2{margin:2em 0 .5em}p{color:var(--soft);margin:.3em 0}
ul{list-style:none;margin:0;padding:0}li{display:flex;flex-wrap:wrap;gap:.2em 1em;padding:.5em 0;border-top:1px solid var(--line)}
.name{flex:1 1 14rem;font-weight:600;overflow-wrap:anywhere}.count{color:var(--soft);font-variant-numeric:tabular-nums}
nav a{display:inline-block;padding:0 .4em}"""


@dataclass(frozen=True, slots=True)
class CatalogueFeed:
    """A published feed as a catalogue names it."""

    kind: Kind
    label: str
    slug: str
    posts: int
    updated: datetime | None
    urls: tuple[tuple[Format, str], ...]


@dataclass(frozen=True, slots=True)
class CatalogueHead:
    """The site as a catalogue names it."""

    title: str
    description: str
    language: str
    url: str


def opml(site: CatalogueHead, feeds: Sequence[CatalogueFeed]) -> bytes:
    """Every feed as an OPML 2.0 subscription list, without counts and dates: it changes with the set of feeds."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0"><head><title>{escape(site.title)}</title></head><body>',
    ]
    for kind, heading in _HEADINGS:
        lines.append(f'<outline text="{heading}">')
        lines += [_outline(site, feed) for feed in feeds if feed.kind == kind and feed.urls]
        lines.append("</outline>")
    lines.append("</body></opml>")
    return ("\n".join(lines) + "\n").encode()


def _outline(site: CatalogueHead, feed: CatalogueFeed) -> str:
    label, url = escape(feed.label), escape(feed.urls[0][1])
    return f'<outline type="rss" text="{label}" title="{label}" xmlUrl="{url}" htmlUrl="{escape(site.url)}"/>'


def index_page(site: CatalogueHead, feeds: Sequence[CatalogueFeed]) -> bytes:
    """One plain page that lists every feed, without scripts."""
    title = escape(site.title)
    first = next((feed for feed in feeds if feed.kind == "all"), None)
    links = "".join(
        f'<link rel="alternate" type="{_TYPES[form]}" title="{title}" href="{escape(url)}">'
        for form, url in (first.urls if first else ())
    )
    parts = [
        f'<!DOCTYPE html>\n<html lang="{escape(site.language)}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"{links}<style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{escape(site.description)}</p>\n"
        '<p><a href="feeds.opml">feeds.opml</a></p>'
    ]
    for kind, heading in _HEADINGS:
        listed = [feed for feed in feeds if feed.kind == kind]
        if listed:
            parts.append(f"<h2>{heading}</h2>\n<ul>")
            parts += [_row(site, feed) for feed in listed]
            parts.append("</ul>")
    parts.append("</body></html>\n")
    return "\n".join(parts).encode()


def _row(site: CatalogueHead, feed: CatalogueFeed) -> str:
    links = "".join(
        f'<a href="{escape(url.removeprefix(site.url))}">{_NAMES[form]}</a>' for form, url in feed.urls
    )
    latest = (
        f'<time datetime="{feed.updated.isoformat()}">{feed.updated:%Y-%m-%d}</time>' if feed.updated else ""
    )
    return f'<li><span class="name">{escape(feed.label)}</span><span class="count">{feed.posts} · {latest}</span><nav>{links}</nav></li>'
