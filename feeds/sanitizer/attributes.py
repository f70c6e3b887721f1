"""What the value of an allowed attribute may be: addresses absolute, styles harmless, the rest text.

One function judges each attribute (:func:`judge`, called by the sanitiser for every attribute that the
allow-list has let through); the base address of the page stands in :data:`page` meanwhile, because the
sanitiser itself is built once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from feeds._resources import read_packaged_text
from feeds.values.urls import iri_to_uri, is_address, resolve

if TYPE_CHECKING:
    import nh3

page: ContextVar[str] = ContextVar("page", default="")
"""Address of the page that the HTML stands on."""

PREFIX = "user-content-"
"""Put before every id and every link to one, so that no id shadows a name of the reader's own page."""

_WEB = re.compile(r"https?:", re.IGNORECASE)
# An address that is absolute and valid as it stands, as nearly all are.
_PLAIN = re.compile(
    r"https?://[a-z0-9][a-z0-9.-]{0,200}(?::\d{1,4})?(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*+)?"
)
_TALK = re.compile(r"(?:mailto:[^\s@]+@[^\s@]+|tel:[+0-9().\- ]{2,40})", re.IGNORECASE)
_IMAGE_DATA = re.compile(
    r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/\s]{16,}=?\s?=?\s?", re.IGNORECASE
)
_LONGEST_DATA = 200_000
_SCRIPT = re.compile(
    r"[\x00-\x20\xa0]*(?:java|vb|live)script\s*:|[\x00-\x20\xa0]*data:\s*text", re.IGNORECASE
)
_CANDIDATE_END = re.compile(r"(?<=\d[wx]),\s*|,\s+")
_DESCRIPTOR = re.compile(r"\d{1,6}(?:\.\d{1,4})?[wx]")
_LONGEST_SRCSET = 16_384
_CLASS = re.compile(r"(?:language|lang)-[\w+#.-]{1,40}|highlight|footnotes?|footnote-(?:ref|backref)")
_SIZE = re.compile(r"\d{1,5}(?:\.\d{1,4})?(?:%|px|em)?")
_WORD = re.compile(r"[\w:.+/#-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,6}")
_ID = re.compile(r"[^\s\"'<>&`]{1,200}")

_LONGEST_STYLE = 2048
_SUSPECT = re.compile(r"[\\@<>{}\x00-\x08]|/\*|expression|script|url\s*\(|image", re.IGNORECASE)
_VALUE = re.compile(
    r"(?:#[0-9a-f]{3,8}+|(?:\d{1,6}+(?:\.\d{0,6}+)?|\.\d{1,6}+)(?:%|[a-z]{1,4}+)?"
    r"|(?:rgb|hsl)a?+\([\d\s,.%/deg]{1,40}+\)|[a-z][a-z-]{0,30}+"
    r"|\"[\w \-.]{1,60}+\"|'[\w \-.]{1,60}+'|[,/\s]++){1,60}+",
    re.IGNORECASE,
)
_IMPORTANT = re.compile(r"(?<!\s)\s*+!\s*+important\s*+\Z", re.IGNORECASE)


def judge(_tag: str, name: str, value: str) -> str | None:
    """The value that an allowed attribute keeps; None takes the attribute away. Never raises."""
    special = _SPECIAL.get(name)
    if special:
        return special(value)
    return None if ":" in value and _SCRIPT.match(value) else value


def _href(value: str) -> str | None:
    """Where a link leads: the web, a mail address, a telephone, or a place in the same body."""
    if value.startswith("#") and len(value) > 1:
        name = unquote(value[1:]).removeprefix(PREFIX)
        return f"#{PREFIX}{name}" if _ID.fullmatch(name) else None
    if _TALK.fullmatch(value):
        return value
    return _absolute(page.get(), value)


def _web(value: str) -> str | None:
    return _absolute(page.get(), value)


@lru_cache(maxsize=8192)
def _absolute(base: str, value: str) -> str | None:
    """The absolute web address of a reference; None for everything that is none."""
    if _PLAIN.fullmatch(value):
        return value
    found = resolve(base, value)
    if not _WEB.match(found):
        return None
    address = iri_to_uri(found)
    return address if is_address(address) and _is_taken(address) else None


def _is_taken(address: str) -> bool:
    """Whether the sanitiser takes it, too, when it reads its own output: it refuses hosts that cannot be."""
    return " href=" in _links().clean(f'<a href="{escape(address)}">')


@cache
def _links() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(tags={"a"}, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=None)


def place(fragment: str) -> str | None:
    """The absolute address of a fragment that is not in the body itself."""
    return _absolute(page.get(), f"#{fragment}")


def _image(value: str) -> str | None:
    """The address of an image; small ones may stand in the attribute itself."""
    if value.lstrip()[:5].lower() == "data:":
        return value.strip() if len(value) <= _LONGEST_DATA and _IMAGE_DATA.fullmatch(value.strip()) else None
    return _web(value)


def _srcset(value: str) -> str | None:
    """The candidates of a ``srcset`` that are web addresses, as many as there is room for."""
    found: list[str] = []
    room = _LONGEST_SRCSET
    candidates = _CANDIDATE_END.split(value[:_LONGEST_SRCSET])
    for candidate in candidates[:-1] if len(value) > _LONGEST_SRCSET else candidates:
        reference, *descriptors = candidate.split() or [""]
        address = _web(reference) if reference else None
        if address and all(_DESCRIPTOR.fullmatch(d) for d in descriptors[:1]) and len(descriptors) < 2:
            found.append(" ".join([address, *descriptors]))
            room -= len(found[-1]) + 2
        if room < 0:  # cleaned again, it would be cut: then rather now
            found.pop()
            break
    return ", ".join(found) or None


@cache
def _properties() -> frozenset[str]:
    lines = read_packaged_text("data/css_properties.txt").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=4096)
def clean_style(value: str) -> str | None:
    """The declarations of an inline style that are harmless, in one form; None if there is none.

    A style with an escape, a comment or an at-rule goes as a whole: what such things do to the
    declarations around them differs from reader to reader.
    """
    if len(value) > _LONGEST_STYLE or "\\" in value or "/*" in value or "@" in value:
        return None
    kept = (_declaration(part) for part in value.split(";"))
    return ";".join(part for part in kept if part) or None


def _declaration(text: str) -> str:
    """One declaration in one form; empty if the property or the value is not allowed."""
    name, _, value = text.partition(":")
    name, value = name.strip().lower(), " ".join(_IMPORTANT.sub("", value).split())
    if name not in _properties() or _SUSPECT.search(value) or not _VALUE.fullmatch(value):
        return ""
    return f"{name}:{value}"


def _class(value: str) -> str | None:
    return " ".join(name for name in value.split()[:20] if _CLASS.fullmatch(name)) or None


def _identifier(value: str) -> str | None:
    return PREFIX + value.removeprefix(PREFIX) if _ID.fullmatch(value) else None


def _only(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    def keep(value: str) -> str | None:
        value = value.strip()
        return value if pattern.fullmatch(value) else None

    return keep


_SPECIAL: dict[str, Callable[[str], str | None]] = {
    "href": _href,
    "cite": _web,
    "src": _image,
    "poster": _web,
    "srcset": _srcset,
    "style": clean_style,
    "class": _class,
    "id": _identifier,
    "name": _identifier,
    "lang": _only(_LANGUAGE),
    "hreflang": _only(_LANGUAGE),
    "srclang": _only(_LANGUAGE),
    **{
        name: _only(_SIZE)
        for name in ("width", "height", "border", "cellpadding", "cellspacing", "hspace", "vspace")
    },
    **{
        name: _only(_WORD)
        for name in ("align", "valign", "dir", "color", "bgcolor", "type", "scope", "loading", "kind")
    },
}
