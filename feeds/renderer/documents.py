"""Join documents: a head and a tail as feedgen writes them, with rendered entries between them."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from html import escape

from feeds.models import FeedHead, Format
from feeds.renderer import fast_writer

_ID_PATTERNS = {
    "atom": re.compile(rb"<entry[^<>]*+>\s*+<id>([^<]*+)</id>"),
    "rss": re.compile(rb"<guid[^<>]*+>([^<]*+)</guid>"),
}
_EPISODE = re.compile(rb"<itunes:|<enclosure [^<>]*?type=\"(?:audio|video)/")
"""An item of RSS with elements of a podcast. Content is escaped, so these characters are never part of it."""
_TAILS = {"atom": b"</feed>", "rss": b"</channel>"}


def join(head: FeedHead, form: Format, entries: Sequence[bytes]) -> bytes:
    """Join a document from its head and entries; the bytes equal those of feedgen for the same entries."""
    if form == "json":
        start, end = _write_json_frame(head)
        return start + b",".join(entries) + end
    start, end = _write_frame(_fit_podcast(head, form, entries), form)
    return start + b"".join(entries) + end


def _fit_podcast(head: FeedHead, form: Format, entries: Sequence[bytes]) -> FeedHead:
    """Return the head without its podcast where no entry is an episode: only RSS documents describe podcasts."""
    if head.podcast and not (form == "rss" and any(map(_EPISODE.search, entries))):
        return replace(head, podcast=None)
    return head


def join_formats(
    head: FeedHead, formats: Sequence[Format], entries: Mapping[str, Sequence[bytes]]
) -> dict[Format, bytes]:
    """Join a document in each of these formats; ``entries`` has the rendered entries of each."""
    return {form: join(head, form, entries[form]) for form in formats}


def keep_entries(document: bytes, form: Format, ids: Collection[str]) -> bytes:
    """Return the document with only the entries of these ids; every other byte stays."""
    if form == "json":
        feed = json.loads(document)
        feed["items"] = [item for item in feed["items"] if item["id"] in ids]
        return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode()
    from feeds.renderer.entries import cut

    wanted = {escape(item, quote=False).encode() for item in ids}
    for piece in cut(document, form):
        found = _ID_PATTERNS[form].search(piece)
        if found and found[1] not in wanted:
            document = document.replace(piece, b"", 1)
    return document


@lru_cache(maxsize=8)
def _write_frame(head: FeedHead, form: Format) -> tuple[bytes, bytes]:
    """Return the bytes before and after the entries."""
    if fast_writer.is_usual_head(head):
        start, end = fast_writer.FRAMES[form](head)
        return start.encode(), end.encode()
    from feeds.renderer import feedgen_writer

    whole = feedgen_writer.serialise_feed(feedgen_writer.build_feed(head, form), form)
    position = whole.rindex(_TAILS[form])
    return whole[:position], whole[position:]


def _write_json_frame(head: FeedHead) -> tuple[bytes, bytes]:
    frame: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.site_url,
        "feed_url": dict(head.self_urls)["json"],
        "description": head.subtitle,
        "language": head.language,
        "authors": [{"name": head.author}],
    }
    if "json" in dict(head.before):
        frame["next_url"] = dict(head.before)["json"]
    if head.hubs:
        frame["hubs"] = [{"type": "WebSub", "url": url} for url in head.hubs]
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    return text[:-1].encode() + b',"items":[', b"]}"
