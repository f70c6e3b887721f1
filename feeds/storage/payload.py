"""How a payload is kept: the bytes as they came, behind a note of what rendering needs of them.

Understanding a post costs more than cutting its body out, and it was understood once, when it was
read. So a note stands before the bytes: the markup, the page and the media of the body, and where
the body lies. The bytes stay, because a changed setting acts on items as they came.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from json import encoder
from typing import Any, NamedTuple

from feeds.models import Enclosure, Extra, Item, Markup

_BEGINNING = 64  # found at once, while a search for thousands of bytes first studies them
_MARK = b"\x01["
_plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_make = getattr(encoder, "c_make_encoder", None)
# The library makes one of these for each value, which takes as long as encoding a short one.
_pieces = _make and _make(None, None, encoder.encode_basestring, None, ":", ",", False, False, True)


def dumps(value: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """``value``, which has no cycles, as JSON as the store keeps it: without spaces, every character as itself."""
    return "".join(_pieces(value, 0)) if _pieces else _plain(value)


class Body(NamedTuple):
    """What rendering needs of an item besides what its post shows."""

    text: str
    markup: Markup
    page: str
    """Address against which references in the text resolve, or empty."""
    summary: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    rights: str = ""
    extras: tuple[Extra, ...] = ()


def body_of_item(item: Item) -> Body:
    """The body of an item just understood."""
    return Body(
        item.body, item.markup, item.permalink, item.summary, item.enclosures, item.rights, item.extras
    )


def pack(item: Item, data: bytes) -> bytes:
    """The payload ``data`` of ``item`` as it is kept, before compression."""
    body = item.body.encode("utf-8", "surrogatepass")
    start = data.find(body[:_BEGINNING])
    if start >= 0 and not data.startswith(body, start):
        start = data.find(body)
    note: list[object] = [item.markup, item.permalink, start, len(body), item.summary]
    if item.enclosures or item.rights or item.extras:
        note += [[(one.url, one.type, one.length) for one in item.enclosures], item.rights, item.extras]
    head = b"\x01" + dumps(note).encode("utf-8", "surrogatepass") + b"\n"
    return head + data if start >= 0 else head + body + data


def unpack(packed: bytes) -> Body | None:
    """The body of a packed payload; None if there is no note before it."""
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
        tuple(Enclosure(*one) for one in enclosures),
        rights,
        tuple(Extra(name, value, tuple(map(tuple, *more))) for name, value, *more in extras),
    )


def data_of(packed: bytes) -> bytes:
    """The bytes as they came."""
    if not packed.startswith(_MARK):
        return packed
    end = packed.index(b"\n")
    _, _, start, length, *_ = json.loads(packed[1:end])
    return packed[end + 1 + (0 if start >= 0 else length) :]


def join_parts(parts: Sequence[bytes]) -> bytes:
    """Several byte strings as one; at most 255, each shorter than 4 GiB."""
    return struct.pack(f"<B{len(parts)}I", len(parts), *map(len, parts)) + b"".join(parts)


def split_parts(data: bytes) -> list[bytes]:
    """What :func:`join_parts` was given."""
    count = data[0]
    position = 1 + 4 * count
    parts = []
    for size in struct.unpack_from(f"<{count}I", data, 1):
        parts.append(data[position : position + size])
        position += size
    return parts
