"""Prepare HTML for the sanitiser and tidy its output. Each step only removes, renames or links.

The steps before the sanitiser need the tags as the author wrote them: comments, lazy images, embedded
pages, depth. The steps after it rely on balanced HTML in canonical form: empty spans, tracking pixels, fragments.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape

from feeds._resources import read_packaged_list
from feeds.sanitizer.attributes import PREFIX, page, resolve_fragment
from feeds.values.markup import replace_sections
from feeds.values.references import unescape
from feeds.values.urls import is_address, resolve

# A start tag as authors write it. Quoted values may contain ">". Possessive quantifiers prevent backtracking, so
# hostile tags take linear time; all patterns below follow this rule.
_REST = r"(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){0,200})>"
START_TAG = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*+)" + _REST)
_IMAGE = re.compile(r"<img\b" + _REST, re.IGNORECASE)
_INPUT = re.compile(r"<input\b" + _REST, re.IGNORECASE)
_FRAME = re.compile(r"<(?:iframe|embed|object)\b" + _REST, re.IGNORECASE)
# A start tag with hundreds of attributes: the parser compares each with all others, which takes quadratic time.
_CROWDED = re.compile(
    r"<([a-zA-Z][a-zA-Z0-9]{0,30}+)\b(?:(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){400,})|[^<>\"']{8000,}+)"
)
_ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z-]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>=`]++)))?")
VOID_ELEMENTS = frozenset(
    ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)

_BRACKETED = re.compile(r"<(https?://[^\s<>\"']{1,2000}+)>")

# Attributes in which scripts for lazy loading keep the real address; feed readers run no scripts.
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-lazyload", "data-echo")
_PLACEHOLDER = re.compile(
    r"\s*|data:.*|about:blank|.*(?:blank|placeholder|spacer|loading|transparent|lazy|grey|1x1|pixel)[^/]*",
    re.I | re.S,
)
# Pages repeat their lazy images in `noscript`, for browsers that run no scripts.
_NOSCRIPT = re.compile(r"<noscript\b[^<>]*+>", re.IGNORECASE)
_NOSCRIPT_END = re.compile(r"</noscript\s*+>", re.IGNORECASE)
_OTHER_MARKUP = re.compile(r"</?(?:svg|math|select|noscript)\b[^<>]*+>", re.IGNORECASE)

# Parsers recurse or take quadratic time on deep nesting.
DEEPEST = 100
# A parser opens formats that are still open again in every later paragraph, so these multiply.
_MOST_FORMATS = 12
_FEWEST_FORMATS = 3
_MANY_TAGS = 20_000
_BARRIERS = frozenset(("table", "object", "applet", "marquee", "template", "select", "button", "caption"))
_FORMATS = frozenset("a b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905
# The end tags of these may be missing, so counting them would make a long list look deep. None nests in itself
# directly.
_UNCOUNTED = VOID_ELEMENTS.union(
    "p li td th tr dt dd rt rp rb rtc option thead tbody tfoot colgroup".split()  # noqa: SIM905
)
_UNCOUNTED_TAGS = frozenset(f"{start}{name}" for name in _UNCOUNTED for start in ("<", "</"))
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)" + _REST)

# Only at the beginning: a text about HTML may name both tags.
_HEAD = re.compile(
    r"\s*+(?:<!doctype\b[^<>]*+>\s*+)?(?:<html\b[^<>]*+>\s*+)?<head(?:\s[^<>]*+)?>", re.I | re.A
)
_HEAD_END = re.compile(r"</head\s*+>", re.I | re.A)
_EMPTY_SPAN = re.compile(r"<span(?>(?: (?!id=)[a-z]+=\"[^\"]*+\")*)>(\s*+)</span>")
_PIXEL = re.compile(r" (?:width|height)=\"[01](?:\.0*)?(?:px)?\"|[\";](?:width|height):[01](?:px)?(?=[;\"])")
_CLEAN_IMAGE = re.compile(r"<img\b[^<>]*+>")
_CLEAN_TAG = re.compile(r"<[a-z][^<>]*+>")
_SOURCE = re.compile(r" src=\"https?://([^\"]*)\"")
_TARGET = re.compile(r" (?:id|name)=\"([^\"]*)\"")
_LINK = re.compile(r" href=\"#([^\"]*)\"")


def parse_attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a start tag; the first of two equal names counts, as in HTML."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag, tag.find(" ") if " " in tag else len(tag)):
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found


def without_comments(html: str) -> str:
    """Return the HTML without its closed comments; the parser decides about an unclosed one."""
    return replace_sections(html, "<!--", "-->", lambda _: "")


def without_head(html: str) -> str:
    """Return a whole HTML document without its head: browsers show neither its title nor anything else of it."""
    start = _HEAD.match(html)
    end = _HEAD_END.search(html, start.end()) if start else None
    return html[end.end() :] if end else html


def with_character_data(html: str) -> str:
    """Return the HTML with ``<![CDATA[…]]>`` sections as text, as XML defines them; HTML parsers drop them."""
    return replace_sections(html, "<![CDATA[", "]]>", lambda text: escape(text, quote=False))


def with_linked_addresses(html: str) -> str:
    """Return the HTML with ``<https://…>`` as a link, as in Markdown; an HTML parser would drop it as an element."""
    return _BRACKETED.sub(lambda found: f'<a href="{escape(unescape(found[1]))}">{found[1]}</a>', html)


def may_be_deep(names: list[str]) -> bool:
    """Return whether tags may nest deeper than :func:`limit_depth` allows.

    This is a cheap test that may err on the safe side.

    Args:
        names: The tags in order, as ``<name`` and ``</name``.
    """
    counted = [name for name in names if name not in _UNCOUNTED_TAGS]
    if len(counted) < _MOST_FORMATS:
        return False
    opened: list[str] = []
    for name in counted:
        if name[1] != "/":
            opened.append(name[1:])
            if len(opened) >= _MOST_FORMATS:
                return True
        elif opened and opened[-1] == name[2:]:
            opened.pop()
    return False


def limit_depth(html: str) -> str:
    """Return the HTML nested at most :data:`DEEPEST` deep: deeper tags are removed, their text stays.

    The limit for formats such as ``<b>`` is lower, because a parser opens them again in each later paragraph.
    """
    many = html.count("<") > _MANY_TAGS
    return _ANY_TAG.sub(_Nesting(_FEWEST_FORMATS if many else _MOST_FORMATS).filter_tag, html)


def strip_crowded_tags(html: str) -> str:
    """Return the HTML with the attributes of tags removed that have hundreds of them."""
    return _CROWDED.sub(r"<\1", html)


class _Nesting:
    """Tracks the open elements, tag by tag, as a parser does."""

    def __init__(self, formats: int) -> None:
        self.most_formats = formats
        self.open: list[str] = []
        self.formats: list[str] = []
        self.skipped: dict[str, int] = {}

    def filter_tag(self, match: re.Match[str]) -> str:
        """Return the tag, or nothing if it is nested too deep."""
        name = match[2].lower()
        if name in _UNCOUNTED:
            return match[0]
        kept = self._end(name) if match[1] else self._start(name)
        return match[0] if kept else ""

    def _start(self, name: str) -> bool:
        opened, most = (self.formats, self.most_formats) if name in _FORMATS else (self.open, DEEPEST)
        if len(opened) < most:
            opened.append(name)
            return True
        self.skipped[name] = self.skipped.get(name, 0) + 1
        return False

    def _end(self, name: str) -> bool:
        if self.skipped.get(name):
            self.skipped[name] -= 1
            return False
        if name in _FORMATS:
            if name in self.formats:
                self.formats.remove(name)
            return True
        for index in range(len(self.open) - 1, -1, -1):
            if self.open[index] == name:
                del self.open[index:]
                break
            # As in a parser (HTML, 13.2.4.2), an end tag does not close an element outside its table.
            if self.open[index] in _BARRIERS:
                break
        return True


def with_real_images(html: str, repeated: bool) -> str:
    """Return the HTML with lazy images as plain images, without the copies in ``noscript``.

    Args:
        html: Any HTML.
        repeated: Whether there is a ``noscript``.
    """
    promoted: set[str] = set()

    def replace_image(match: re.Match[str]) -> str:
        values = parse_attributes(match[0])
        lazy = next((values[name] for name in _LAZY if values.get(name)), "")
        if not lazy or not _PLACEHOLDER.fullmatch(values.get("src", "")[:200]):
            return match[0]
        promoted.add(lazy)
        srcset = values.get("data-srcset", "")
        extra = f' srcset="{escape(srcset)}"' if srcset else ""
        # The placeholder in the old `src` needs no removal: of two equal attributes the first counts.
        return f'<img src="{escape(lazy)}"{extra}{match[0][4:]}'

    html = _IMAGE.sub(replace_image, html)
    return _without_repeated(html, promoted) if promoted and repeated else html


def _without_repeated(html: str, promoted: set[str]) -> str:
    """Return the HTML without ``noscript`` elements that contain only images already shown."""
    parts = []
    position = 0
    for start in _NOSCRIPT.finditer(html):
        end = _NOSCRIPT_END.search(html, start.end())
        if end is None:
            break
        sources = {
            parse_attributes(tag[0]).get("src", "") for tag in _IMAGE.finditer(html, start.end(), end.start())
        }
        if start.start() >= position and sources and sources <= promoted:
            parts.append(html[position : start.start()])
            position = end.end()
    return "".join(parts) + html[position:]


def with_boxes(html: str) -> str:
    """Return the HTML with the check boxes of task lists as characters: the sanitiser removes all form elements."""

    def replace_box(match: re.Match[str]) -> str:
        values = parse_attributes(match[0])
        if values.get("type", "").lower() != "checkbox" or "disabled" not in values:
            return match[0]
        return "☑ " if "checked" in values else "☐ "

    return _INPUT.sub(replace_box, html)


def without_other_markup(html: str) -> str:
    """Return the HTML without the tags of MathML, SVG and similar elements.

    The sanitiser would remove their text along with them; without the tags the text stays.
    """
    return _OTHER_MARKUP.sub("", html)


def without_unknown(html: str, known: frozenset[str]) -> str:
    """Return the HTML without the tags of unknown elements; their text stays."""
    return _ANY_TAG.sub(lambda tag: tag[0] if f"<{tag[1]}{tag[2].lower()}" in known else "", html)


def with_linked_frames(html: str) -> str:
    """Return the HTML with a link before each embedded page, player or object.

    The sanitiser removes the element itself, and with it the only trace of a video or map.
    """
    last = ""

    def replace_frame(match: re.Match[str]) -> str:
        nonlocal last
        values = parse_attributes(match[0])
        stated = values.get("src") or values.get("data") or ""
        address = resolve(
            page.get(), stated if stated not in ("", "about:blank") else values.get("data-src", "")
        )
        if not is_address(address) or address == last:
            return match[0]
        # An `object` often contains an `embed` of the same address as its fallback: one link is enough.
        last = address
        link = f'<a href="{escape(address)}">{escape(address)}</a>'
        return link if match[0][:7].lower() == "<iframe" else link + match[0]

    return _FRAME.sub(replace_frame, html)


@cache
def _load_trackers() -> re.Pattern[str]:
    beginnings = "|".join(map(re.escape, read_packaged_list("data/trackers.txt")))
    return re.compile(rf"(?:[\w-]{{1,63}}\.){{0,9}}(?:{beginnings})", re.IGNORECASE)


def without_pixels(html: str) -> str:
    """Return sanitised HTML without invisible images: a single pixel, a known tracker, no source."""
    return _CLEAN_IMAGE.sub(_drop_pixel, html)


def _drop_pixel(match: re.Match[str]) -> str:
    tag = match[0]
    source = _SOURCE.search(tag)
    sized = "width" in tag or "height" in tag
    if (sized and _PIXEL.search(tag)) or (source and _load_trackers().match(source[1])):
        return ""
    nothing = not source and " src" not in tag and ' alt="' not in tag
    return "" if nothing else tag


def without_empty_spans(html: str) -> str:
    """Return sanitised HTML without empty spans, nested spans included."""
    count = 1
    while count:
        html, count = _EMPTY_SPAN.subn(r"\1", html)
    return html


def with_linked_places(html: str) -> str:
    """Return sanitised HTML whose ``#fragment`` links lead to ids of the body or else to its page.

    Ids that no link leads to are removed: on a page with many posts they could clash.
    """
    targets = set(_TARGET.findall(html))
    wanted = set(_LINK.findall(html))

    def keep(match: re.Match[str]) -> str:
        return match[0] if match[1] in wanted else ""

    def resolve_link(match: re.Match[str]) -> str:
        if match[1] in targets:
            return match[0]
        address = resolve_fragment(unescape(match[1]).removeprefix(PREFIX))
        return f' href="{escape(address)}"' if address else ""

    return _CLEAN_TAG.sub(lambda tag: _LINK.sub(resolve_link, _TARGET.sub(keep, tag[0])), html)
