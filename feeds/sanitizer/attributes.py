"""Filter the values of allowed attributes: absolute addresses, harmless styles, plain text.

The sanitiser calls :func:`filter_attribute` for every attribute on its allow-list. The sanitiser is built once, so
the address of the page that is being cleaned is in the context variable :data:`page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from feeds._resources import read_packaged_list
from feeds.values.urls import iri_to_uri, is_address, resolve, without_user

if TYPE_CHECKING:
    import nh3

page: ContextVar[str] = ContextVar("page", default="")
"""Address of the page that is being cleaned; relative addresses resolve against it."""

PREFIX = "user-content-"
"""Prefix of every id and of links to ids, so that no id shadows a name of the page of a feed reader."""

_WEB_SCHEME = re.compile(r"https?:", re.IGNORECASE)
# An absolute address that needs no repair. Nearly all match, and this saves them the slow parser of addresses.
_PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]{0,200}(?::\d{1,4})?(?:/(?>(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*))?"
)
_CONTACT = re.compile(r"(?:mailto:[^\s@]+@[^\s@]+|tel:[+0-9().\- ]{2,40})", re.IGNORECASE)
# Raster images only: an SVG in a data URL may run scripts.
_IMAGE_DATA = re.compile(
    r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/\s]{16,}=?\s?=?\s?", re.IGNORECASE
)
_LONGEST_DATA = 200_000
# Browsers ignore white space and control characters before a scheme, so the pattern has to ignore them too.
_SCRIPT = re.compile(
    r"[\x00-\x20\xa0]*(?:java|vb|live)script\s*:|[\x00-\x20\xa0]*data:\s*text", re.IGNORECASE
)
# A comma may be part of an address; only behind a descriptor or before white space does it end a candidate.
_CANDIDATE_END = re.compile(r"(?<=\d[wx]),\s*|,\s+")
_DESCRIPTOR = re.compile(r"\d{1,6}(?:\.\d{1,4})?[wx]")
_LONGEST_SRCSET = 16_384
# Classes could adopt the styles of a reader's own page. These carry meaning: languages of code, and footnotes.
_CLASS = re.compile(r"(?:language|lang)-[\w+#.-]{1,40}|highlight|footnotes?|footnote-(?:ref|backref)")
_SIZE = re.compile(r"\d{1,5}(?:\.\d{1,4})?(?:%|px|em)?")
_WORD = re.compile(r"[\w:.+/#-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,6}")
_ID = re.compile(r"[^\s\"'<>&`]{1,200}")

_LONGEST_STYLE = 2048
# Escapes and comments hide a value from pattern checks; `expression` and `url` run code or fetch in some readers.
_SUSPECT = re.compile(r"[\\@<>{}\x00-\x08]|/\*|expression|script|url\s*\(|image", re.IGNORECASE)
_VALUE = re.compile(
    r"(?>(?:#[0-9a-f]{3,8}+|(?:\d{1,6}+(?:\.\d{0,6}+)?|\.\d{1,6}+)(?:%|[a-z]{1,4}+)?"
    r"|(?:rgb|hsl)a?+\([\d\s,.%/deg]{1,40}+\)|[a-z][a-z-]{0,30}+"
    r"|\"[\w \-.]{1,60}+\"|'[\w \-.]{1,60}+'|[,/\s]++){1,60})",
    re.IGNORECASE,
)
_IMPORTANT = re.compile(r"(?<!\s)\s*+!\s*+important\s*+\Z", re.IGNORECASE)


def filter_attribute(_tag: str, name: str, value: str) -> str | None:
    """Return the safe value of an allowed attribute, or None to remove the attribute. Never raises."""
    special = _FILTERS.get(name)
    if special:
        return special(value)
    return None if ":" in value and _SCRIPT.match(value) else value


def _clean_link(value: str) -> str | None:
    """Return the target of a link: a web, mail or telephone address, or a fragment of the same body."""
    # A lone `#` is the top of a page and means nothing in a feed reader.
    if value.startswith("#") and len(value) > 1:
        name = unquote(value[1:]).removeprefix(PREFIX)
        return f"#{PREFIX}{name}" if _ID.fullmatch(name) else None
    if _CONTACT.fullmatch(value):
        return value
    return _make_absolute(page.get(), value)


def _clean_address(value: str) -> str | None:
    return _make_absolute(page.get(), value)


# Pages repeat links and images, above all in their navigation.
@lru_cache(maxsize=8192)
def _make_absolute(base: str, value: str) -> str | None:
    """Return the absolute web address of a reference; None if it has another scheme or is invalid."""
    if _PLAIN_ADDRESS.fullmatch(value):
        return value
    found = resolve(base, value)
    if not _WEB_SCHEME.match(found):
        return None
    # A password in an address is for one reader, never for all.
    address = iri_to_uri(without_user(found))
    return address if is_address(address) and _is_accepted(address) else None


def _is_accepted(address: str) -> bool:
    """Return whether the sanitiser accepts an address in its own output: it refuses invalid hosts.

    Without this check, cleaning twice would give another result than cleaning once.
    """
    return " href=" in _build_link_cleaner().clean(f'<a href="{escape(address)}">')


@cache
def _build_link_cleaner() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(tags={"a"}, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=None)


def resolve_fragment(fragment: str) -> str | None:
    """Return the absolute address of a fragment that is not in the body itself."""
    return _make_absolute(page.get(), f"#{fragment}")


def _clean_image(value: str) -> str | None:
    """Return the address of an image, or the data URL of a small one."""
    # Larger images would make feeds unusable; they are better fetched.
    if value.lstrip()[:5].lower() == "data:":
        return value.strip() if len(value) <= _LONGEST_DATA and _IMAGE_DATA.fullmatch(value.strip()) else None
    return _clean_address(value)


def _clean_srcset(value: str) -> str | None:
    """Return the candidates of a ``srcset`` that are web addresses, up to the length limit."""
    found: list[str] = []
    room = _LONGEST_SRCSET
    candidates = _CANDIDATE_END.split(value[:_LONGEST_SRCSET])
    for candidate in candidates[:-1] if len(value) > _LONGEST_SRCSET else candidates:
        reference, *descriptors = candidate.split() or [""]
        address = _clean_address(reference) if reference else None
        if address and all(_DESCRIPTOR.fullmatch(d) for d in descriptors[:1]) and len(descriptors) < 2:
            found.append(" ".join([address, *descriptors]))
            room -= len(found[-1]) + 2
        # Resolved addresses are longer than relative references. Cut here, or a second cleaning would cut it.
        if room < 0:
            found.pop()
            break
    return ", ".join(found) or None


@cache
def _load_properties() -> frozenset[str]:
    return frozenset(read_packaged_list("data/css_properties.txt"))


# Pages repeat the same few styles.
@lru_cache(maxsize=4096)
def clean_style(value: str) -> str | None:
    """Return the harmless declarations of an inline style in canonical form; None if none is left.

    A style with an escape, a comment or an at-rule is removed as a whole: feed readers differ in how these
    change the declarations around them.
    """
    if len(value) > _LONGEST_STYLE or "\\" in value or "/*" in value or "@" in value:
        return None
    kept = (_clean_declaration(part) for part in value.split(";"))
    return ";".join(part for part in kept if part) or None


def _clean_declaration(text: str) -> str:
    """Return a declaration in canonical form; empty if its property or value is not allowed."""
    name, _, value = text.partition(":")
    name, value = name.strip().lower(), " ".join(_IMPORTANT.sub("", value).split())
    if name not in _load_properties() or _SUSPECT.search(value) or not _VALUE.fullmatch(value):
        return ""
    return f"{name}:{value}"


def _clean_class(value: str) -> str | None:
    return " ".join(name for name in value.split()[:20] if _CLASS.fullmatch(name)) or None


def _clean_identifier(value: str) -> str | None:
    return PREFIX + value.removeprefix(PREFIX) if _ID.fullmatch(value) else None


def _match_whole(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    def keep(value: str) -> str | None:
        value = value.strip()
        return value if pattern.fullmatch(value) else None

    return keep


_FILTERS: dict[str, Callable[[str], str | None]] = {
    "href": _clean_link,
    "cite": _clean_address,
    "src": _clean_image,
    "poster": _clean_address,
    "srcset": _clean_srcset,
    "style": clean_style,
    "class": _clean_class,
    "id": _clean_identifier,
    "name": _clean_identifier,
    "lang": _match_whole(_LANGUAGE),
    "hreflang": _match_whole(_LANGUAGE),
    "srclang": _match_whole(_LANGUAGE),
    **{
        name: _match_whole(_SIZE)
        for name in ("width", "height", "border", "cellpadding", "cellspacing", "hspace", "vspace")
    },
    **{
        name: _match_whole(_WORD)
        for name in ("align", "valign", "dir", "color", "bgcolor", "type", "scope", "loading", "kind")
    },
}
