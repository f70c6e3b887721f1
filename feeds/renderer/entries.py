"""Entries, rendered once in every format.

The usual ones are written directly (:mod:`feeds.renderer.fast_writer`). The others of a batch are one
feedgen document, cut at the entries: content is always escaped, so the marks cannot occur inside.
Either way joining the pieces gives the bytes of feedgen's own document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from feeds.errors import EntryInvalid
from feeds.models import Enclosure, Entry, Format
from feeds.renderer import fast_writer, namespaces
from feeds.values.urls import is_absolute_iri, is_address

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# None of them, found in half the time: what nearly every text consists of.
_USUAL = re.compile("[\x20-\ud7ff\t\n\uff00-\uffef]*+")
_MARKS = {"atom": (b"<entry", b"</entry>"), "rss": (b"<item>", b"</item>")}

Rendered = dict[Format, bytes]
"""One entry in each format, as it stands in every document that holds it."""


def render_entries(
    entries: Sequence[Entry], formats: Sequence[Format], site_url: str, language: str
) -> list[Rendered | EntryInvalid]:
    """Render entries of a site; in the place of one that no document can hold stands the reason."""
    results: list[Rendered | EntryInvalid] = []
    for entry in entries:
        wrong = check_entry(entry)
        results.append(EntryInvalid(wrong) if wrong else {})
    valid = [
        (entry, one) for entry, one in zip(entries, results, strict=True) if not isinstance(one, EntryInvalid)
    ]
    special = [entry for entry, _ in valid if not fast_writer.is_usual(entry, language)]
    feed = _feed(special, site_url, language) if special and set(formats) & _MARKS.keys() else None
    for form in formats:
        pieces = iter(cut(_document(feed, form), form) if feed and form in _MARKS else ())
        for entry, one in valid:
            if form == "json":
                one[form] = _json(entry, language)
            elif fast_writer.is_usual(entry, language):
                one[form] = fast_writer.WRITERS[form](entry, site_url)
            else:
                one[form] = next(pieces)
    return results


def check_entry(entry: Entry) -> str:
    """Why no document can hold this entry, or nothing."""
    if not is_absolute_iri(entry.id):
        return f"its id {entry.id!r} is no absolute IRI (RFC 4287, 4.2.6); correct `id` in the front matter"
    if not entry.title:
        return "it has neither a title nor a text to make one of; give it a title"
    if not is_address(entry.link) and (
        entry.link or not entry.origin
    ):  # only what is somebody else's has none
        return f"its link {entry.link!r} is no web address; correct the source's `base` or the post's address"
    texts = (entry.title, entry.html, entry.summary, *entry.authors, *(t.label for t in entry.terms))
    if any(not _USUAL.fullmatch(text) and _FORBIDDEN.search(text) for text in texts):
        return "it contains characters that XML forbids; remove them"
    return ""


def _feed(entries: Sequence[Entry], site_url: str, language: str) -> object:
    """The library's feed of these entries; what it says besides them is thrown away."""
    from feeds.renderer import feedgen_writer

    feed = feedgen_writer.feed_of(feedgen_writer.empty_head(language), "atom")
    for entry in entries:
        feedgen_writer.add_entry(feed, entry, site_url, language)
    return feed


def _document(feed: object, form: Format) -> bytes:
    from feeds.renderer import feedgen_writer

    return feedgen_writer.document(feed, form)


def cut(document: bytes, form: Format) -> list[bytes]:
    """The entries of a document as they stand in it."""
    begin, end = _MARKS[form]
    pieces = []
    position = document.find(begin)
    while position >= 0:
        stop = document.index(end, position) + len(end)
        pieces.append(document[position:stop])
        position = document.find(begin, stop)
    return pieces


def _attachment(media: Enclosure) -> dict[str, object]:
    found: dict[str, object] = {"url": media.url, "mime_type": media.type or "application/octet-stream"}
    return found | ({"size_in_bytes": media.length} if media.length else {})


def _json(entry: Entry, language: str) -> bytes:
    """A JSON Feed 1.1 item."""
    item: dict[str, Any] = {
        "id": entry.id,
        **({"url": entry.link} if entry.link else {}),
        "title": entry.title,
        "content_html": entry.html or entry.title,
        "summary": entry.summary or entry.title,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
    }
    if entry.authors:
        item["authors"] = [{"name": name} for name in entry.authors]
    if entry.terms:
        item["tags"] = list(dict.fromkeys(term.label for term in entry.terms))
    if entry.enclosures:
        item["attachments"] = [_attachment(media) for media in entry.enclosures]
        length = namespaces.seconds(entry.extras)
        if length and entry.enclosures[0].type.startswith(("audio/", "video/")):
            item["attachments"][0]["duration_in_seconds"] = length
    if image := namespaces.picture(entry.extras):
        item["image"] = image
    if entry.language and entry.language != language:
        item["language"] = entry.language
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
