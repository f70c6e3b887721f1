"""Render entries in every format.

:mod:`feeds.renderer.fast_writer` writes simple entries directly. All others of a batch go into one feedgen
document, which is cut at the entries. Content is always escaped, so the marks for cutting cannot occur in it.
Both ways give the bytes of feedgen's own document.
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
# Fast path: nearly every text consists of these, and this match is faster than the search above.
_PLAIN = re.compile("[\x20-\ud7ff\t\n\uff00-\uffef]*+")
_MARKS = {"atom": (b"<entry", b"</entry>"), "rss": (b"<item>", b"</item>")}

Rendered = dict[Format, bytes]
"""One entry in each format, with the bytes that every document contains."""


def render_entries(
    entries: Sequence[Entry], formats: Sequence[Format], site_url: str, language: str
) -> list[Rendered | EntryInvalid]:
    """Render entries of a site.

    Args:
        entries: The entries.
        formats: Formats to render.
        site_url: Address of the site, for the schemes of terms.
        language: Language of the site; entries in it state none.

    Returns:
        For each entry its bytes by format, or the reason why no document can hold it.
    """
    results: list[Rendered | EntryInvalid] = []
    for entry in entries:
        wrong = check_entry(entry)
        results.append(EntryInvalid(wrong) if wrong else {})
    valid = [
        (entry, result)
        for entry, result in zip(entries, results, strict=True)
        if not isinstance(result, EntryInvalid)
    ]
    # feedgen takes much longer for an entry (docs/decisions/0007-direct-entries.md), so it writes only entries with unusual elements.
    special = [entry for entry, _ in valid if not fast_writer.is_usual(entry, language)]
    feed = _build_feed(special, site_url, language) if special and set(formats) & _MARKS.keys() else None
    for form in formats:
        pieces = iter(cut(_serialize(feed, form), form) if feed and form in _MARKS else ())
        for entry, result in valid:
            if form == "json":
                result[form] = _write_json_item(entry, language)
            elif fast_writer.is_usual(entry, language):
                result[form] = fast_writer.WRITERS[form](entry, site_url)
            else:
                result[form] = next(pieces)
    return results


def check_entry(entry: Entry) -> str:
    """Return why no document can hold this entry; empty if it is valid."""
    if not is_absolute_iri(entry.id):
        return (
            f"its id {entry.id!r} is not an absolute IRI (RFC 4287, 4.2.6); correct `id` in the front matter"
        )
    if not entry.title:
        return "it has neither a title nor a text to make one of; give it a title"
    if not is_address(entry.link) and (
        entry.link or not entry.origin
    ):  # only entries of upstream feeds may lack a link
        return (
            f"its link {entry.link!r} is not a web address; correct the source's `base` or the post's address"
        )
    texts = (entry.title, entry.html, entry.summary, *entry.authors, *(t.label for t in entry.terms))
    if any(not _PLAIN.fullmatch(text) and _FORBIDDEN.search(text) for text in texts):
        return "it contains characters that XML forbids; remove them"
    return ""


def _build_feed(entries: Sequence[Entry], site_url: str, language: str) -> object:
    """Build a feedgen feed of these entries; its head is not used."""
    from feeds.renderer import feedgen_writer

    feed = feedgen_writer.build_feed(feedgen_writer.build_empty_head(language), "atom")
    for entry in entries:
        feedgen_writer.add_entry(feed, entry, site_url, language)
    return feed


def _serialize(feed: object, form: Format) -> bytes:
    from feeds.renderer import feedgen_writer

    return feedgen_writer.serialise_feed(feed, form)


def cut(document: bytes, form: Format) -> list[bytes]:
    """Return the bytes of each entry of a document."""
    begin, end = _MARKS[form]
    pieces = []
    position = document.find(begin)
    while position >= 0:
        stop = document.index(end, position) + len(end)
        pieces.append(document[position:stop])
        position = document.find(begin, stop)
    return pieces


def _build_attachment(media: Enclosure) -> dict[str, object]:
    found: dict[str, object] = {"url": media.url, "mime_type": media.type or "application/octet-stream"}
    return found | ({"size_in_bytes": media.length} if media.length else {})


def _write_json_item(entry: Entry, language: str) -> bytes:
    """Write a JSON Feed 1.1 item."""
    item: dict[str, Any] = {
        "id": entry.id,
        **({"url": entry.link} if entry.link else {}),
        "title": entry.title,
        "content_html": entry.html or fast_writer.write_as_html(entry.title),
        "summary": entry.summary or entry.title,
        "date_published": entry.published.isoformat(),
        "date_modified": entry.updated.isoformat(),
    }
    if entry.authors:
        item["authors"] = [{"name": name} for name in entry.authors]
    if entry.terms:
        item["tags"] = list(dict.fromkeys(term.label for term in entry.terms))
    if entry.enclosures:
        item["attachments"] = [_build_attachment(media) for media in entry.enclosures]
        length = namespaces.parse_duration(entry.extras)
        main = namespaces.find_main_media(entry.enclosures)
        if length and main and main.type.startswith(("audio/", "video/")):
            item["attachments"][entry.enclosures.index(main)]["duration_in_seconds"] = length
    if image := namespaces.find_image(entry.extras):
        item["image"] = image
    if entry.language and entry.language != language:
        item["language"] = entry.language
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode()
