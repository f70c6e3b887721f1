"""Slugs: names of categories and tags as names of folders."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container
from typing import Literal

LONGEST = 80
"""Bytes in a slug, before the digits that keep it apart from another."""

_LONGEST_END = 65
"""Bytes of a hyphen and the most of these digits."""

_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{i}" for i in range(10)), *(f"lpt{i}" for i in range(10))]
)


def _digest(name: str, digits: int) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()[:digits]


def slug(name: str, style: Literal["ascii", "unicode"]) -> str:
    """The folder name for ``name``: pinyin and ASCII, or its own letters.

    It consists of letters, digits and single hyphens, so it cannot leave its folder; a name of which
    nothing is left becomes ``t-`` and digits of its digest.
    """
    if _PLAIN.fullmatch(name) and len(name) <= LONGEST:
        found = name
    else:
        found = _ascii(name) if style == "ascii" else _unicode(name)
    if not found:
        return f"t-{_digest(name, 8)}"
    return with_digest(found, name) if found in _DEVICES else found


def is_slug(text: str) -> bool:
    """Whether a slug that was written down can be one: it stays in its folder, as those of :func:`slug` do."""
    if _PLAIN.fullmatch(text):
        return len(text) <= LONGEST + _LONGEST_END and text not in _DEVICES
    return (
        0 < len(text.encode("utf-8", "surrogatepass")) <= LONGEST + _LONGEST_END
        and text == text.strip("-")
        and all(c == "-" or unicodedata.category(c)[0] in "LNM" for c in text)
        and fold(text) not in _DEVICES
    )


def _ascii(name: str) -> str:
    from anyascii import anyascii

    text = _HAN.sub(lambda run: f" {_pinyin(run[0])} ", unicodedata.normalize("NFC", name))
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower())
    return _cut("-".join(words))


def _pinyin(run: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(run, style=Style.NORMAL, v_to_u=False))


def _unicode(name: str) -> str:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in text)
    return _cut("-".join(part for part in kept.split("-") if part))


def _cut(text: str) -> str:
    return text.encode()[:LONGEST].decode("utf-8", "ignore").strip("-")


def with_digest(given: str, name: str, digits: int = 4) -> str:
    """The slug with hex digits of the name's digest."""
    return f"{given}-{_digest(name, digits)}"


def fold(given: str) -> str:
    """The form in which file systems may confuse two names (case and normalisation)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", given).casefold())


def distinct(given: str, name: str, taken: Container[str]) -> str:
    """``given``, or with as many digits of the name's digest as keep it apart from ``taken`` (folded)."""
    if fold(given) not in taken:
        return given
    for digits in (4, 8, 16, 32, 64):
        longer = with_digest(given, name, digits)
        if fold(longer) not in taken:
            return longer
    raise ValueError(f"no slug is left for {name!r}")
