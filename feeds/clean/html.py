"""HTML that any reader may show: mended, absolute, and sanitised by an allow-list as the last step.

The steps before the sanitiser only take away or rename; each is gated by a substring test. What is
allowed stands in data files (``feeds/data``).
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache, partial
from html import escape, unescape
from importlib.resources import files
from typing import TYPE_CHECKING

from feeds.urls import iri_to_uri, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    import nh3

_EMPTY_SPAN = re.compile(r"<span\b[^<>]*>(\s*)</span>", re.IGNORECASE)
_HIDDEN_MARK = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|\shidden\b", re.IGNORECASE)
_HIDDEN_PARAGRAPH = re.compile(
    r"<p\b[^<>]*\bstyle\s*=\s*(?:\"[^\"<>]*display\s*:\s*none[^\"<>]*\"|'[^'<>]*display\s*:\s*none[^'<>]*')[^<>]*>"
    r"(?:[^<]|<br\s*/?>){0,2000}</p>",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>=`]+))")
_FRAME = re.compile(
    r"<(iframe|embed|object)\b([^<>]*)>(?:(?:(?!</?\1\b)[^<]|<(?!/?\1\b)){0,4000}</\1\s*>)?", re.IGNORECASE
)
_ONE_PIXEL = re.compile(r"\s*[01](?:px)?\s*|.*\b(?:width|height)\s*:\s*[01]px.*", re.IGNORECASE)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc")
_WEB = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_IMAGE_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]{1,200000}", re.IGNORECASE)
_CODE_CLASS = re.compile(r"(?:language|lang|highlight)[\w+#.-]*")
_VALUE = re.compile(r"(?:[\w\s#%.,!'\"-]|rgba?\([\d\s,.%]{1,40}\)|hsla?\([\d\s,.%deg]{1,40}\))+")
_NEGATIVE = re.compile(r"(?:^|[\s,])-\s*[\d.]")
_DEEPEST = 200
_OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr p li".split())  # noqa: SIM905


def clean_html(html: str, base: str) -> str:
    """The HTML that may be published of ``html``, which stands on the page ``base``.

    Deterministic; no text is lost but that of hidden elements, scripts and styles.
    """
    if "<" not in html:
        return escape(unescape(html), quote=False)
    lower = html.lower()
    if "<span" in lower:
        html = _without_empty_spans(html)
    if "hidden" in lower or "none" in lower:
        html = _without_hidden(html)
    if "<img" in lower:
        html = _IMAGE.sub(_image, html)
    if "<iframe" in lower or "<embed" in lower or "<object" in lower:
        html = _FRAME.sub(_frame, html)
    if lower.count("<") > _DEEPEST and _too_deep(html):
        html = "<p>" + re.sub(r"<[^<>]*>", " ", html) + "</p>"
    return _sanitiser(base).clean(html).strip()


def _without_empty_spans(html: str) -> str:
    for _ in range(4):
        html, count = _EMPTY_SPAN.subn(r"\1", html)
        if not count:
            break
    return html


def _without_hidden(html: str) -> str:
    html = _HIDDEN_PARAGRAPH.sub("", html)
    marks = _HIDDEN_MARK.search(re.sub(r">[^<]*<", "><", html)) if _HIDDEN_MARK.search(html) else None
    if not marks or _too_deep(html):
        return html
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(True):
        if tag.decomposed:
            continue
        style = str(tag.get("style") or "")
        if re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", style, re.IGNORECASE) or tag.has_attr(
            "hidden"
        ):
            tag.decompose()
    return str(soup)


def _too_deep(html: str) -> bool:
    depth = 0
    for found in _OPENING.finditer(html):
        if found[2].lower() not in _VOID:
            depth = max(0, depth - 1) if found[1] else depth + 1
            if depth > _DEEPEST:
                return True
    return False


@cache
def _trackers() -> tuple[str, ...]:
    text = (files("feeds") / "data" / "trackers.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def _image(found: re.Match[str]) -> str:
    """An image tag: nothing for a tracking pixel; the real address of a lazy one."""
    tag = found[0]
    values = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag)}
    sizes = [values[k] for k in ("width", "height") if k in values]
    if (sizes and any(_ONE_PIXEL.fullmatch(v) for v in sizes)) or _ONE_PIXEL.fullmatch(
        values.get("style", "-")
    ):
        return ""
    host = re.match(r"(?:https?:)?//([^/:?#\s]+)", values.get("src", ""))
    if host and any(host[1].lower() == t or host[1].lower().endswith("." + t) for t in _trackers()):
        return ""
    lazy = next((values[k] for k in _LAZY if values.get(k)), "")
    if lazy and (not values.get("src") or values["src"].startswith("data:")):
        tag = re.sub(r"\ssrc\s*=\s*(?:\"[^\"]*\"|'[^']*')", "", tag, flags=re.IGNORECASE)
        return f'<img src="{escape(unescape(lazy))}"' + tag[4:]
    return tag


def _frame(found: re.Match[str]) -> str:
    """A link in place of an embedded page, so that its address is not lost."""
    values = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(found[2])}
    address = unescape(values.get("src") or values.get("data") or "").strip()
    address = "https:" + address if address.startswith("//") else address
    if not _WEB.fullmatch(address):
        return ""
    return f'<a href="{escape(address)}">{escape(address)}</a>'


@cache
def _allowed() -> tuple[set[str], set[str], dict[str, set[str]], set[str], frozenset[str]]:
    data = files("feeds") / "data"
    lists = tomllib.loads((data / "html.toml").read_text("utf-8"))
    lines = (data / "css_properties.txt").read_text("utf-8").splitlines()
    properties = frozenset(line for line in lines if line and not line.startswith("#"))
    attributes = {tag: set(names.split()) for tag, names in lists["attributes"].items()}
    return (
        set(lists["tags"].split()),
        set(lists["dropped"].split()),
        attributes,
        set(lists["schemes"].split()),
        properties,
    )


@lru_cache(maxsize=256)
def _sanitiser(base: str) -> nh3.Cleaner:
    import nh3

    tags, dropped, attributes, schemes, _ = _allowed()
    return nh3.Cleaner(
        tags=tags,
        clean_content_tags=dropped,
        attributes=attributes,
        attribute_filter=partial(_attribute, base),
        url_schemes=schemes,
        link_rel=None,
        strip_comments=True,
    )


def _attribute(base: str, tag: str, name: str, value: str) -> str | None:
    """The value that an allowed attribute may keep; None takes it away."""
    special = _SPECIAL.get(name)
    return special(base, value) if special else value


def _address(base: str, value: str) -> str | None:
    found = resolve(base, value)
    if not found.lower().startswith(("http://", "https://", "mailto:", "tel:")):
        return None
    return iri_to_uri(found)


def _media(base: str, value: str) -> str | None:
    if value.startswith("data:"):
        return value if _IMAGE_DATA.fullmatch(value) else None
    found = _address(base, value)
    return found if found and found.lower().startswith("http") else None


def _srcset(base: str, value: str) -> str | None:
    found = []
    for candidate in re.split(r",\s+|,(?=https?:|/)", value[:8192]):
        address, _, size = candidate.strip().partition(" ")
        absolute = _media(base, address) if address else None
        if absolute:
            found.append(f"{absolute} {size}".strip())
    return ", ".join(found) or None


def _style(_: str, value: str) -> str | None:
    return _clean_style(value)


@lru_cache(maxsize=4096)
def _clean_style(value: str) -> str | None:
    """The declarations of an inline style that are harmless; None if there is none."""
    if len(value) > 2048 or "\\" in value or "/*" in value:
        return None
    properties = _allowed()[4]
    kept = []
    for declaration in value.split(";"):
        name, colon, text = (part.strip() for part in declaration.partition(":"))
        name = name.lower()
        if not colon or name not in properties or not _VALUE.fullmatch(text):
            continue
        if (
            name.startswith(("margin", "text-indent", "letter")) and _NEGATIVE.search(text)
        ) or "expression" in text.lower():
            continue
        kept.append(f"{name}:{text}")
    return ";".join(kept) or None


def _class(_: str, value: str) -> str | None:
    kept = [name for name in value.split() if _CODE_CLASS.fullmatch(name)]
    return " ".join(kept) or None


_SPECIAL: dict[str, Callable[[str, str], str | None]] = {
    "href": _address,
    "cite": _address,
    "src": _media,
    "poster": _media,
    "srcset": _srcset,
    "style": _style,
    "class": _class,
}
