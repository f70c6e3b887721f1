"""Documents: a head and a tail of feedgen's, and rendered entries between them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from feeds.model import FeedHead, Format

_TAILS = {"atom": b"</feed>", "rss": b"</channel>"}


def join(head: FeedHead, form: Format, entries: Sequence[bytes]) -> bytes:
    """The document of a feed: the same bytes as feedgen's own for these entries."""
    if form == "json":
        start, end = _json_frame(head)
        return start + b",".join(entries) + end
    start, end = _frame(head, form)
    return start + b"".join(entries) + end


@lru_cache(maxsize=8)
def _frame(head: FeedHead, form: Format) -> tuple[bytes, bytes]:
    """What stands before and after the entries."""
    from feeds.render import library

    whole = library.document(library.feed_of(head, form), form)
    position = whole.rindex(_TAILS[form])
    return whole[:position], whole[position:]


def _json_frame(head: FeedHead) -> tuple[bytes, bytes]:
    frame: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.site_url,
        "feed_url": dict(head.self_urls)["json"],
        "description": head.subtitle,
        "language": head.language,
        "authors": [{"name": head.author}],
    }
    if head.hubs:
        frame["hubs"] = [{"type": "WebSub", "url": url} for url in head.hubs]
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    return text[:-1].encode() + b',"items":[', b"]}"
