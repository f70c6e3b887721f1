"""Slugs: folder names of categories and tags."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container
from typing import Literal

LONGEST = 80
"""Bytes of a slug, without the digits of a digest."""

_LONGEST_SUFFIX = 65
"""Bytes of a hyphen and the longest digest."""

_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
# Names of devices: Windows cannot create folders of these names.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{i}" for i in range(10)), *(f"lpt{i}" for i in range(10))]
)


def _hash_name(name: str, digits: int) -> str:
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()[:digits]


def build_slug(name: str, style: Literal["ascii", "unicode"]) -> str:
    """Build the folder name for ``name``: ASCII (Chinese as pinyin), or its own letters.

    It consists of letters, digits and single hyphens, so it cannot leave its folder. If nothing of a name
    is left, the slug is ``t-`` and digits of its digest.
    """
    if _PLAIN.fullmatch(name) and len(name) <= LONGEST:
        found = name
    else:
        found = _transliterate(name) if style == "ascii" else _normalise(name)
    if not found:
        return f"t-{_hash_name(name, 8)}"
    return with_digest(found, name) if found in _DEVICES else found


def is_slug(text: str) -> bool:
    """Return whether a stored slug is valid: it stays in its folder, like every result of :func:`build_slug`."""
    if _PLAIN.fullmatch(text):
        return len(text) <= LONGEST + _LONGEST_SUFFIX and text not in _DEVICES
    return (
        0 < len(text.encode("utf-8", "surrogatepass")) <= LONGEST + _LONGEST_SUFFIX
        and text == text.strip("-")
        and all(c == "-" or unicodedata.category(c)[0] in "LNM" for c in text)
        and fold(text) not in _DEVICES
    )


def _transliterate(name: str) -> str:
    from anyascii import anyascii

    text = _HAN.sub(lambda run: f" {_convert_to_pinyin(run[0])} ", unicodedata.normalize("NFC", name))
    words = re.findall(r"[a-z0-9]+", anyascii(text).lower())
    return _cut("-".join(words))


def _convert_to_pinyin(run: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(run, style=Style.NORMAL, v_to_u=False))


def _normalise(name: str) -> str:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else "-" for c in text)
    return _cut("-".join(part for part in kept.split("-") if part))


def _cut(text: str) -> str:
    return text.encode()[:LONGEST].decode("utf-8", "ignore").strip("-")


def with_digest(given: str, name: str, digits: int = 4) -> str:
    """Append hex digits of the name's digest to a slug."""
    return f"{given}-{_hash_name(name, digits)}"


def fold(given: str) -> str:
    """Return the form in which file systems may confuse two names (case and normalisation)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", given).casefold())


def make_distinct(given: str, name: str, taken: Container[str]) -> str:
    """Return ``given``; if it is in ``taken`` (folded), with digits of the name's digest.

    Raises:
        ValueError: Even the longest digest is taken.
    """
    if fold(given) not in taken:
        return given
    for digits in (4, 8, 16, 32, 64):
        longer = with_digest(given, name, digits)
        if fold(longer) not in taken:
            return longer
    raise ValueError(f"no slug is left for {name!r}")
