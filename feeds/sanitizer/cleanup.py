"""Steps before and after the sanitiser: they only take away, rename or link, and each is gated by a cheap test.

Before it, where the author's tags are still there: comments, hidden elements, lazy images, embedded pages, depth.
After it, on balanced HTML in one form: empty spans, tracking pixels, places that links inside the body lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from html import escape

from feeds._resources import read_packaged_text
from feeds.sanitizer.attributes import PREFIX, page, place
from feeds.values.references import unescape
from feeds.values.urls import is_address, resolve

# A start tag as an author may write it: quoted values may hold anything, and nothing is tried twice.
_REST = r"(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){0,200}+>"
_START = re.compile(r"<([a-zA-Z][a-zA-Z0-9]*+)" + _REST)
_IMAGE = re.compile(r"<img\b" + _REST, re.IGNORECASE)
_INPUT = re.compile(r"<input\b" + _REST, re.IGNORECASE)
_FRAME = re.compile(r"<(?:iframe|embed|object)\b" + _REST, re.IGNORECASE)
# A start tag with hundreds of attributes: a parser compares each with each.
_CROWDED = re.compile(
    r"<([a-zA-Z][a-zA-Z0-9]{0,30}+)\b(?:(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){400,}+|[^<>\"']{8000,}+)"
)
_ATTRIBUTE = re.compile(r"([a-zA-Z][a-zA-Z-]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>=`]++)))?")
_VOID = frozenset(
    ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)

_NOT_SHOWN = re.compile(r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden", re.IGNORECASE)
# The same or the attribute, in text in lower case, and found fast: each begins with letters of its own.
_HIDDEN_MARKS = tuple(
    re.compile(mark)
    for mark in (
        r"display\s{0,9}:\s{0,9}none",
        r"visibility\s{0,9}:\s{0,9}hidden",
        r"hidden(?<=\shidden)(?=[\s=>/])",
    )
)
# What a hidden element may contain to be taken out without a parser.
_PLAIN_INSIDE = re.compile(r"(?:[^<]++|</?(?:br|img|span|a|b|strong|em|i|font)\b[^<>]*+>)*+", re.IGNORECASE)

_BRACKETED = re.compile(r"<(https?://[^\s<>\"']{1,2000}+)>")

_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-lazyload", "data-echo")
_PLACEHOLDER = re.compile(
    r"\s*|data:.*|about:blank|.*(?:blank|placeholder|spacer|loading|transparent|lazy|grey|1x1|pixel)[^/]*",
    re.I | re.S,
)
_NOSCRIPT = re.compile(r"<noscript\b[^<>]*+>", re.IGNORECASE)
_NOSCRIPT_END = re.compile(r"</noscript\s*+>", re.IGNORECASE)
_FOREIGN = re.compile(r"</?(?:svg|math|select|noscript)\b[^<>]*+>", re.IGNORECASE)

DEEPEST = 100
_MOST_FORMATS = 12
_FEWEST_FORMATS = 3
_MANY_TAGS = 20_000
_BARRIERS = frozenset(("table", "object", "applet", "marquee", "template", "select", "button", "caption"))
_FORMATS = frozenset("a b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905
# Their end tag may be missing, so counting them would take a long list for a deep one; none nests in itself directly.
_UNCOUNTED = frozenset("p li td th tr dt dd rt rp rb rtc option thead tbody tfoot colgroup".split()) | _VOID  # noqa: SIM905
_UNCOUNTED_TAGS = frozenset(f"{start}{name}" for name in _UNCOUNTED for start in ("<", "</"))
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)" + _REST)

_EMPTY_SPAN = re.compile(r"<span(?: (?!id=)[a-z]+=\"[^\"]*+\")*+>(\s*+)</span>")
_PIXEL = re.compile(r" (?:width|height)=\"[01](?:\.0*)?(?:px)?\"|[\";](?:width|height):[01](?:px)?(?=[;\"])")
_CLEAN_IMAGE = re.compile(r"<img\b[^<>]*+>")
_CLEAN_TAG = re.compile(r"<[a-z][^<>]*+>")
_SOURCE = re.compile(r" src=\"https?://([^\"]*)\"")
_TARGET = re.compile(r" (?:id|name)=\"([^\"]*)\"")
_LINK = re.compile(r" href=\"#([^\"]*)\"")


def _attributes(tag: str) -> dict[str, str]:
    """Names and values of a start tag; the first of two equal names counts, as in HTML."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag, tag.find(" ") if " " in tag else len(tag)):
        found.setdefault(match[1].lower(), unescape(match[2] or match[3] or match[4] or ""))
    return found


def without_comments(html: str) -> str:
    """The HTML without comments that end; one that does not is left to the parser."""
    parts = []
    position = 0
    while (start := html.find("<!--", position)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        parts.append(html[position:start])
        position = end + 3
    return "".join(parts) + html[position:]


def with_character_data(html: str) -> str:
    """The HTML with ``<![CDATA[…]]>`` as the text that it means in XML: parsers of HTML drop it."""
    parts = []
    position = 0
    while (start := html.find("<![CDATA[", position)) >= 0 and (end := html.find("]]>", start + 9)) >= 0:
        parts += [html[position:start], escape(html[start + 9 : end], quote=False)]
        position = end + 3
    return "".join(parts) + html[position:]


def with_linked_addresses(html: str) -> str:
    """The HTML with ``<https://…>`` as a link, as Markdown means it: a parser takes it for an element."""
    return _BRACKETED.sub(lambda found: f'<a href="{escape(unescape(found[1]))}">{found[1]}</a>', html)


def may_be_deep(names: list[str]) -> bool:
    """Whether tags, given in order as ``<name`` and ``</name``, may nest deeper than :func:`shallow` lets them."""
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


def shallow(html: str) -> str:
    """The HTML nested at most :data:`DEEPEST` deep: deeper tags go, their text stays.

    Open formats (``<b>``) are bounded lower, because a parser opens them again in each later paragraph.
    """
    many = html.count("<") > _MANY_TAGS
    return _ANY_TAG.sub(_Nesting(_FEWEST_FORMATS if many else _MOST_FORMATS).tag, html)


def uncrowded(html: str) -> str:
    """The HTML with tags that have hundreds of attributes bare of them."""
    return _CROWDED.sub(r"<\1", html)


class _Nesting:
    """Follows open elements, tag by tag, as a parser would."""

    def __init__(self, formats: int) -> None:
        self.most_formats = formats
        self.open: list[str] = []
        self.formats: list[str] = []
        self.skipped: dict[str, int] = {}

    def tag(self, match: re.Match[str]) -> str:
        """What stands in place of a tag: itself, or nothing if it is too deep."""
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
            if self.open[index] in _BARRIERS:  # an end tag does not reach out of a table
                break
        return True


def without_hidden(html: str, tidy: Callable[[str], str]) -> str:
    """The HTML without elements that are not shown (``display:none``, ``visibility:hidden``, ``hidden``).

    Args:
        html: Any HTML.
        tidy: Gives balanced HTML; used with a parser where the hidden element is no simple one.
    """
    parts = []
    position = 0
    for tag in _marked_tags(html):
        if tag.start() < position or not is_hidden(tag[0]):
            continue
        end = _simple_end(html, tag)
        if end < 0:
            return _without_hidden_elements(tidy(html))
        parts.append(html[position : tag.start()])
        position = end
    return "".join(parts) + html[position:]


def _marked_tags(html: str) -> Iterable[re.Match[str]]:
    """The start tags that may say hidden; all of them, if one cannot be told by the mark alone."""
    found: list[re.Match[str]] = []
    for start, end in hidden_marks(html):
        if found and start < found[-1].end():
            continue
        tag = _START.match(html, max(0, html.rfind("<", 0, start)))
        if tag is None or tag.end() < end:
            return _START.finditer(html)
        found.append(tag)
    return found


def hidden_marks(html: str) -> list[tuple[int, int]]:
    """Where a text says hidden, in order."""
    lower = html.encode().lower().decode()  # letters of ASCII alone: as long as the text
    return sorted(mark.span() for pattern in _HIDDEN_MARKS for mark in pattern.finditer(lower))


def is_hidden(tag: str) -> bool:
    """Whether a start tag says that its element is not shown."""
    if not hidden_marks(tag):
        return False
    values = _attributes(tag)
    return _NOT_SHOWN.search(values.get("style", "")) is not None or "hidden" in values


def _simple_end(html: str, tag: re.Match[str]) -> int:
    """Where a hidden element ends, if only text and simple tags are in it; else -1."""
    name = tag[1].lower()
    if name in _VOID:
        return tag.end()
    inside = _PLAIN_INSIDE.match(html, tag.end())
    if inside is None or f"<{name}" in inside[0].lower():
        return -1
    if f"</{name}" in inside[0].lower():  # one of the simple tags: it ends at its first end tag
        start = tag.end() + inside[0].lower().index(f"</{name}")
    else:
        start = inside.end()
    end = html.find(">", start)
    return end + 1 if html[start : end + 1].lower() == f"</{name}>" else -1


def _without_hidden_elements(html: str) -> str:
    if "<" not in html:
        return html
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(True):
        if not tag.decomposed and (_NOT_SHOWN.search(str(tag.get("style", ""))) or tag.has_attr("hidden")):
            tag.decompose()
    return str(soup)


def with_real_images(html: str, repeated: bool) -> str:
    """The HTML with lazy images as plain ones, and without what ``noscript`` repeats of them.

    Args:
        html: Any HTML.
        repeated: Whether there is a ``noscript``.
    """
    promoted: set[str] = set()

    def image(match: re.Match[str]) -> str:
        values = _attributes(match[0])
        lazy = next((values[name] for name in _LAZY if values.get(name)), "")
        if not lazy or not _PLACEHOLDER.fullmatch(values.get("src", "")[:200]):
            return match[0]
        promoted.add(lazy)
        srcset = values.get("data-srcset", "")
        extra = f' srcset="{escape(srcset)}"' if srcset else ""
        return f'<img src="{escape(lazy)}"{extra}{match[0][4:]}'  # of two equal attributes the first counts

    html = _IMAGE.sub(image, html)
    return _without_repeated(html, promoted) if promoted and repeated else html


def _without_repeated(html: str, promoted: set[str]) -> str:
    """The HTML without ``noscript`` elements all of whose images are there already."""
    parts = []
    position = 0
    for start in _NOSCRIPT.finditer(html):
        end = _NOSCRIPT_END.search(html, start.end())
        if end is None:
            break
        sources = {
            _attributes(tag[0]).get("src", "") for tag in _IMAGE.finditer(html, start.end(), end.start())
        }
        if start.start() >= position and sources and sources <= promoted:
            parts.append(html[position : start.start()])
            position = end.end()
    return "".join(parts) + html[position:]


def with_boxes(html: str) -> str:
    """The HTML with the boxes of task lists as characters: the sanitiser keeps no part of a form."""

    def box(match: re.Match[str]) -> str:
        values = _attributes(match[0])
        if values.get("type", "").lower() != "checkbox" or "disabled" not in values:
            return match[0]
        return "☑ " if "checked" in values else "☐ "

    return _INPUT.sub(box, html)


def without_foreign(html: str) -> str:
    """The HTML without the tags of formulas, drawings and the like, whose text would go with them."""
    return _FOREIGN.sub("", html)


def without_unknown(html: str, known: frozenset[str]) -> str:
    """The HTML without the tags of elements that are none of HTML's; their text stays."""
    return _ANY_TAG.sub(lambda tag: tag[0] if f"<{tag[1]}{tag[2].lower()}" in known else "", html)


def with_linked_frames(html: str) -> str:
    """The HTML with a link before each embedded page, player or object, so that its address is not lost."""
    last = ""

    def frame(match: re.Match[str]) -> str:
        nonlocal last
        values = _attributes(match[0])
        stated = values.get("src") or values.get("data") or ""
        address = resolve(
            page.get(), stated if stated not in ("", "about:blank") else values.get("data-src", "")
        )
        if not is_address(address) or address == last:
            return match[0]
        last = address
        link = f'<a href="{escape(address)}">{escape(address)}</a>'
        return link if match[0][:7].lower() == "<iframe" else link + match[0]

    return _FRAME.sub(frame, html)


@cache
def _trackers() -> re.Pattern[str]:
    lines = read_packaged_text("data/trackers.txt").splitlines()
    beginnings = "|".join(re.escape(line) for line in lines if line and not line.startswith("#"))
    return re.compile(rf"(?:[\w-]{{1,63}}\.){{0,9}}(?:{beginnings})", re.IGNORECASE)


def without_pixels(html: str) -> str:
    """Sanitised HTML without images that show nothing: one pixel, a known counter, no source."""
    return _CLEAN_IMAGE.sub(_pixel, html)


def _pixel(match: re.Match[str]) -> str:
    tag = match[0]
    source = _SOURCE.search(tag)
    sized = "width" in tag or "height" in tag
    if (sized and _PIXEL.search(tag)) or (source and _trackers().match(source[1])):
        return ""
    nothing = not source and " src" not in tag and ' alt="' not in tag
    return "" if nothing else tag


def without_empty_spans(html: str) -> str:
    """Sanitised HTML without spans that have nothing in them, nested ones too."""
    count = 1
    while count:
        html, count = _EMPTY_SPAN.subn(r"\1", html)
    return html


def with_linked_places(html: str) -> str:
    """Sanitised HTML in which ``#fragment`` links lead to ids of the body, else to the page; other ids go."""
    targets = set(_TARGET.findall(html))
    wanted = set(_LINK.findall(html))

    def keep(match: re.Match[str]) -> str:
        return match[0] if match[1] in wanted else ""

    def lead(match: re.Match[str]) -> str:
        if match[1] in targets:
            return match[0]
        address = place(unescape(match[1]).removeprefix(PREFIX))
        return f' href="{escape(address)}"' if address else ""

    return _CLEAN_TAG.sub(lambda tag: _LINK.sub(lead, _TARGET.sub(keep, tag[0])), html)
