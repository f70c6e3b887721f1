"""Convert stored bodies to clean HTML and text, and compare them, with pure functions that can run in any process.

They use the settings of their process (:func:`feeds.workers.ingest_tasks.begin`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from feeds.errors import PostRejected
from feeds.models import Dialect, Item
from feeds.protocols import Version
from feeds.storage.packing import Body, body_of_item, data_of, unpack
from feeds.values.urls import canonicalise, is_root
from feeds.workers.ingest_tasks import decompress, get_link_resolver, get_settings, parse_file


def decompress_body(source: str, place: str, stored: bytes) -> Body | None:
    """Load the body of a stored document; None if it is not a post to publish.

    Raises:
        PostRejected: it cannot be parsed as a post.
    """
    return unpack_stored_body(source, place, decompress(stored))


def unpack_stored_body(source: str, place: str, packed: bytes) -> Body | None:
    """Extract the body of a stored document that is decompressed already; None if it is not a post to publish."""
    body = unpack(packed)
    if body is None:
        # Documents that versions without headers stored have to be parsed again.
        item = parse_file(source, place, data_of(packed))
        return body_of_item(item) if isinstance(item, Item) else None
    return body


def extract_text(stored: bytes, source: str, place: str) -> str:
    """Return the plain text of a stored document.

    Raises:
        PostRejected: it cannot be parsed as a post.
    """
    from feeds.sanitizer.text import extract_text

    return extract_text(clean_body(decompress_body(source, place, stored), source, place))


def derive_former_keys(files: Sequence[tuple[str, bytes, str, str]]) -> list[str]:
    """Return the key from which earlier versions derived the id of each file: its last line, else its text.

    Each file is its title, its stored document, its source and its place. The key of an unreadable file is empty.
    """
    return [_derive_former_key(*file) for file in files]


def _derive_former_key(title: str, stored: bytes, source: str, place: str) -> str:
    from feeds.sanitizer.boilerplate import find_last_address
    from feeds.sanitizer.text import compute_fingerprint

    try:
        body = decompress_body(source, place, stored)
    except PostRejected:
        return ""
    text = body.text if body else ""
    address = find_last_address(text)
    if address and not is_root(address) and (url := canonicalise(address)):
        return f"url:{url}"
    mark = compute_fingerprint(title, text)
    return f"text:{mark}" if mark else ""


def find_dropped_elements(stored: bytes, source: str, place: str) -> list[str]:
    """Return the unknown elements that are removed from a stored entry, as they are written there."""
    from feeds.sanitizer.unknown_elements import find_unknown_elements

    body = decompress_body(source, place, stored)
    return find_unknown_elements(body.text) if body and get_link_resolver(source) is None else []


def clean_body(body: Body | None, source: str, place: str) -> str:
    """Convert a body to clean HTML."""
    return clean_bodies([(body, source, place)])[0]


def clean_bodies(bodies: Sequence[tuple[Body | None, str, str]]) -> list[str]:
    """Convert bodies, each with the name of its source and its place there, to clean HTML."""
    from feeds.sanitizer import html

    sources = get_settings().sources
    marked_up = [
        _convert_body(body, source, place) if body is not None else "" for body, source, place in bodies
    ]
    pages = [
        (body.page if body else "") or (sources[name].parse.base if name in sources else "")
        for body, name, _ in bodies
    ]
    return html.clean_all(list(zip(marked_up, pages, strict=True)))


def _convert_body(body: Body, source: str, place: str) -> str:
    """Convert a body to HTML; links to files of its folder lead to their pages."""
    from feeds.sanitizer.markdown import markdown_to_html
    from feeds.sanitizer.unknown_elements import escape_unknown_elements

    dialect = _find_dialect(source)
    convert = partial(markdown_to_html, dialect=dialect) if body.markup == "markdown" else str
    links = get_link_resolver(source)
    # Only for files: upstream feeds contain HTML, where such text is a mistake of the feed.
    return escape_unknown_elements(links.convert(body, place, convert)) if links else convert(body.text)


def _find_dialect(source: str) -> Dialect:
    """Return the dialect of a source; posts of a source that was removed from the configuration keep kramdown."""
    sources = get_settings().sources
    return sources[source].parse.dialect if source in sources else "kramdown"


def is_changed(before: Version, after: Version) -> bool:
    """Return whether the cleaned title or body of two versions differ for a reader."""
    from feeds.sanitizer.text import clean_title, drop_media_queries

    if clean_title(before.title) != clean_title(after.title):
        return True
    # Equal bytes need no cleaning, which takes most of the time.
    if before.document == after.document:
        return False
    bodies = [
        clean_body(decompress_body(v.source, v.place, v.document), v.source, v.place) if v.document else ""
        for v in (before, after)
    ]
    # Some hosts add a new signature to each address of a picture at every fetch.
    return drop_media_queries(bodies[0]) != drop_media_queries(bodies[1])
