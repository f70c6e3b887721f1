"""Pack a fetched document, or the bytes of a file, for the database, together with a header.

Parsing a post costs more than cutting out its body. So the parser's result is kept in a header before the
bytes: markup, page and media of the body, and the position of the body. The bytes are kept unchanged,
because a changed setting parses them again.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from json import encoder
from typing import Any, NamedTuple

from feeds.models import Enclosure, Extra, Item, Markup

# `bytes.find` preprocesses a long needle; a search for the first bytes needs no preparation.
_BEGINNING = 64
# Documents of earlier versions have no header; no text file begins with this byte.
_MARK = b"\x01["
_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_make = getattr(encoder, "c_make_encoder", None)
# `json` builds such an encoder for each call, which takes as long as encoding a short value.
_pieces = _make and _make(None, None, encoder.encode_basestring, None, ":", ",", False, False, True)


def dumps(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return ``value`` as JSON for the database: without spaces, and without escapes for letters.

    ``value`` must not contain itself: cycles are not detected.
    """
    return "".join(_pieces(value, 0)) if _pieces else _plain(value)


class Body(NamedTuple):
    """The fields of an item that rendering needs, besides those that its post shows."""

    text: str
    markup: Markup
    page: str
    """Base address of the references in the text, or empty."""
    summary: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    rights: str = ""
    extras: tuple[Extra, ...] = ()


def body_of_item(item: Item) -> Body:
    """Return the body of an item that was just parsed."""
    return Body(
        item.body, item.markup, item.permalink, item.summary, item.enclosures, item.rights, item.extras
    )


def pack(item: Item, data: bytes) -> bytes:
    """Return the document ``data`` of ``item`` with its header, not compressed."""
    body = item.body.encode("utf-8", "surrogatepass")
    # Nearly always the body is a part of the document, and the header has its position instead of a copy.
    start = data.find(body[:_BEGINNING])
    # The beginning occurs earlier in the document, for example in a quotation.
    if start >= 0 and not data.startswith(body, start):
        start = data.find(body)
    # A list, because keys would be repeated in millions of rows.
    header: list[object] = [item.markup, item.permalink, start, len(body), item.summary]
    # Posts of files rarely have these, so they are left out when empty.
    if item.enclosures or item.rights or item.extras:
        header += [
            [(media.url, media.type, media.length) for media in item.enclosures],
            item.rights,
            item.extras,
        ]
    # Lone surrogates come from damaged files and must survive storing.
    head = b"\x01" + dumps(header).encode("utf-8", "surrogatepass") + b"\n"
    return head + data if start >= 0 else head + body + data


def unpack(packed: bytes) -> Body | None:
    """Return the body of a packed document; None if it has no header."""
    if not packed.startswith(_MARK):
        return None
    end = packed.index(b"\n")
    markup, page, start, length, summary, *more = json.loads(packed[1:end])
    begin = end + 1 + max(start, 0)
    text = packed[begin : begin + length].decode("utf-8", "surrogatepass")
    if not more:
        return Body(text, markup, page, summary)
    enclosures, rights, extras = more
    return Body(
        text,
        markup,
        page,
        summary,
        tuple(Enclosure(*media) for media in enclosures),
        rights,
        # Older versions stored extras without attributes.
        tuple(Extra(name, value, tuple(map(tuple, *more))) for name, value, *more in extras),
    )


def data_of(packed: bytes) -> bytes:
    """Return the document itself, without its header."""
    if not packed.startswith(_MARK):
        return packed
    end = packed.index(b"\n")
    _, _, start, length, *_ = json.loads(packed[1:end])
    return packed[end + 1 + (0 if start >= 0 else length) :]


def join_parts(parts: Sequence[bytes]) -> bytes:
    """Join at most 255 byte strings, each shorter than 4 GiB, with their lengths."""
    # Lengths first, so that a part can be cut out without parsing the parts before it.
    return struct.pack(f"<B{len(parts)}I", len(parts), *map(len, parts)) + b"".join(parts)


def split_parts(data: bytes) -> list[bytes]:
    """Split what :func:`join_parts` joined."""
    count = data[0]
    position = 1 + 4 * count
    parts = []
    for size in struct.unpack_from(f"<{count}I", data, 1):
        parts.append(data[position : position + size])
        position += size
    return parts
