"""Convert any HTML to HTML that is safe to publish: repaired, with absolute addresses, sanitised by an allow-list.

Steps after the sanitiser only remove whole elements and attributes, so they cannot make its output unsafe. The
allow-lists are data files (``feeds/data/html.toml``, ``feeds/data/css_properties.txt``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from feeds._resources import read_packaged_text
from feeds.sanitizer import cleanup, hidden_elements
from feeds.sanitizer.attributes import PREFIX, filter_attribute, page
from feeds.values.references import unescape

if TYPE_CHECKING:
    import nh3

# Characters that XML 1.0 forbids (2.2) or that Unicode reserves.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufeff\ufffe\uffff]")
# Text without any of them. Nearly every body matches, which is faster than a search for what is forbidden.
_USUAL = re.compile("[\x20-\x7e\xa0-\ufdcf\t\n\uff00-\uffef]*+")
# A link to a fragment: only then do ids have to be kept.
_LOCAL_LINK = re.compile(r"=\s{0,9}[\"']?\s{0,9}#")
_NAME = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*")
# A parser drops the first line break in `pre`, and the serialiser does not write it again.
_PREFORMATTED = re.compile(r"(<pre(?: [^<>]*)?>)\n")
_FRAMES = frozenset(("<iframe", "<embed", "<object"))
_OTHER_MARKUP = frozenset(("<svg", "<math", "<noscript", "<select"))
_LAZY = re.compile(rb"data-(?:src|original|lazy|actualsrc|echo)")
# Crossed tags may need several passes until they are stable; the limit bounds the time for hostile input.
_MOST_PASSES = 6
# The time of the parser grows with the size and the number of references. Beyond this product (a megabyte with
# twenty thousand references) it takes seconds.
_MOST_REFERENCES = 20_000_000_000
_BLOCK_TAG = re.compile(r"</?(?:p|div|li|tr|h[1-6]|blockquote|br)\b[^<>]*+>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*+>")
_LARGE = 100_000
_LONGEST_PREAMBLE = 1000


def clean_html(html: str, base: str) -> str:
    """Return ``html`` sanitised for publication. Never raises.

    The result is deterministic, and cleaning it again changes nothing. No text is lost except that of hidden
    elements, comments, scripts and styles.

    Args:
        html: Any text.
        base: Absolute address that references resolve against; if it is empty, relative references are removed.
    """
    return clean_all([(html, base)])[0]


def clean_all(given: Sequence[tuple[str, str]]) -> list[str]:
    """Clean several bodies, each with the address of its page; see :func:`clean_html`.

    Each step runs over all bodies before the next step begins. So the code of a step stays in the caches of the
    processor, which saves a fifth of the time.
    """
    cleaned = [_normalise_characters(html) for html, _ in given]
    marked = []
    for number, html in enumerate(cleaned):
        if "&" in html and html.count("&") * len(html) > _MOST_REFERENCES:
            cleaned[number] = _as_text(html)
        # Without these characters the text has no markup, so there is nothing to sanitise.
        elif "<" in html or "&" in html or ">" in html:
            marked.append(number)
        else:
            cleaned[number] = _FORBIDDEN.sub("", html).strip()
    token = page.set("")
    try:
        _sanitise({number: _Body(cleaned[number], given[number][1]) for number in marked}, cleaned)
    finally:
        page.reset(token)
    return cleaned


class _Body:
    """The state of a body between two steps."""

    __slots__ = ("base", "cleaner", "deep", "html", "names", "sanitised")

    def __init__(self, html: str, base: str) -> None:
        self.base = base
        page.set(base)
        self.html, self.names, self.deep = _prepare(html)
        self.cleaner = _build_cleaner("#" in self.html and _LOCAL_LINK.search(self.html) is not None)
        self.sanitised = ""

    def finish(self) -> bool:
        """Remove leftovers from sanitised HTML; return whether the body needs no further pass."""
        page.set(self.base)
        self.html = after = _remove_leftovers(self.sanitised)
        # Names are in lower case after the sanitiser.
        stable = _NAME.findall(self.sanitised) == self.names
        if stable and not self.deep:
            return True
        self.names = _NAME.findall(after)
        # How deep odd tags nest is known only after the parser has interpreted them.
        if cleanup.may_be_deep(self.names):
            self.html = cleanup.limit_depth(after)
        return stable and self.html == after


def _as_text(html: str) -> str:
    """Return the text of HTML in paragraphs, for HTML that would take a parser too long."""
    text = unescape(_TAG.sub("", _BLOCK_TAG.sub("\n", html)))
    lines = (line.strip() for line in _FORBIDDEN.sub("", text).split("\n"))
    return "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in lines if line)


def _normalise_characters(html: str) -> str:
    """Return the text without lone surrogates and with line feeds as its only line ends."""
    if "\r" in html:
        html = html.replace("\r\n", "\n").replace("\r", "\n")
    try:
        html.encode()
    except UnicodeEncodeError:
        html = html.encode("utf-8", "replace").decode("utf-8")
    return html


def _prepare(html: str) -> tuple[str, list[str], bool]:
    """Run the steps that need the tags as the author wrote them.

    Returns:
        The HTML, its tags in order as ``<name`` and ``</name``, and whether they may nest too deep.
    """
    html = _remove_unseen(html)
    if "<http" in html:
        html = cleanup.with_linked_addresses(html)
    given = html
    # Each step below is slow, and few bodies need any. These tests decide which to run. Lowering bytes changes
    # only ASCII, which is all that names of elements have, and is faster than lowering text.
    lower = html.encode().lower()
    names = _list_tags(html)
    present = frozenset(names)
    deep = len(html) > _LARGE or cleanup.may_be_deep(names)
    # Crowded tags are stripped first: matching them costs most.
    if deep:
        html = cleanup.limit_depth(cleanup.strip_crowded_tags(html) if len(html) > _LARGE else html)
    if (b"data-" in lower and _LAZY.search(lower)) or "<noscript" in present:
        html = cleanup.with_real_images(html, "<noscript" in present)
    if present & _FRAMES:
        html = cleanup.with_linked_frames(html)
    if "<input" in present:
        html = cleanup.with_boxes(html)
    if present & _OTHER_MARKUP:
        html = cleanup.without_other_markup(html)
    if not present <= load_known_tags():
        html = cleanup.without_unknown(html, load_known_tags())
    if b"hidden" in lower or (b"none" in lower and b"display" in lower):
        html = hidden_elements.without_hidden(html, _tidy)
    return html, names if html is given else _list_tags(html), deep


def _remove_unseen(html: str) -> str:
    """Return the HTML without its comments, and without the head of a whole document."""
    if "<!" in html:
        html = cleanup.without_comments(cleanup.with_character_data(html))
    # A head is at the beginning, behind at most a document type and an element.
    return cleanup.without_head(html) if "<head" in html[:_LONGEST_PREAMBLE].lower() else html


def _list_tags(html: str) -> list[str]:
    """Return the tags of a text in order, in lower case."""
    names = _NAME.findall(html)
    return names if "".join(names).islower() else [name.lower() for name in names]


def _sanitise(bodies: dict[int, _Body], cleaned: list[str]) -> None:
    """Sanitise each body until the parser finds nothing more to move, and put it into its place.

    From crossed tags a parser builds a tree that may become another tree when it is written and parsed again. Where
    the tags of output and input are equal, that cannot happen.
    """
    for _ in range(_MOST_PASSES):
        for body in bodies.values():
            page.set(body.base)
            body.sanitised = body.cleaner.clean(body.html)
        going_on = {number: body for number, body in bodies.items() if not body.finish()}
        for number, body in bodies.items():
            # The last pass counts even if the limit ends the loop, because every pass sanitises.
            cleaned[number] = body.html.strip()
        bodies = going_on


def _remove_leftovers(html: str) -> str:
    """Remove from sanitised HTML what readers should not see: forbidden characters, pixels, unused ids, empty spans."""
    if not _USUAL.fullmatch(html):
        html = _FORBIDDEN.sub("", html)
    if "<img" in html:
        html = cleanup.without_pixels(html)
    if ' href="#' in html or PREFIX in html:
        html = cleanup.with_linked_places(html)
    if "</span>" in html:
        html = cleanup.without_empty_spans(html)
    return _PREFORMATTED.sub("\\1\n\n", html) if "<pre" in html else html


@cache
def _load_lists() -> dict[str, Any]:
    return tomllib.loads(read_packaged_text("data/html.toml"))


@cache
def load_known_tags() -> frozenset[str]:
    """Return the elements of HTML, as ``<name`` and ``</name``."""
    lists = _load_lists()
    names = " ".join(lists[key] for key in ("tags", "dropped", "passing", "others")).split()
    return frozenset(f"{start}{name.partition('-')[0]}" for name in names for start in ("<", "</"))


@cache
def _build_cleaner(ids: bool) -> nh3.Cleaner:
    """Return the sanitiser; ``ids`` keeps ids, for bodies with links to their own fragments."""
    import nh3

    lists = _load_lists()
    attributes = {tag: set(names.split()) for tag, names in lists["attributes"].items()}
    if ids:
        attributes["*"] |= {"id"}
        attributes["a"] |= {"name"}
    return nh3.Cleaner(
        tags=set(lists["tags"].split()),
        clean_content_tags=set(lists["dropped"].split()),
        attributes=attributes,
        attribute_filter=filter_attribute,
        url_schemes=set(lists["schemes"].split()),
        link_rel=None,
    )


@cache
def _build_tidier() -> nh3.Cleaner:
    """Return a sanitiser that only balances tags, for ``html.parser``, and keeps the marks of hidden elements."""
    import nh3

    lists = _load_lists()
    attributes = {tag: set(names.split()) for tag, names in lists["attributes"].items()}
    attributes["*"] |= {"hidden", "id"}
    return nh3.Cleaner(
        tags=set(lists["tags"].split()) | set(lists["passing"].split()),
        clean_content_tags=set(lists["dropped"].split()),
        attributes=attributes,
        url_schemes=set(lists["schemes"].split()),
        link_rel=None,
    )


def _tidy(html: str) -> str:
    return _PREFORMATTED.sub("\\1\n\n", _build_tidier().clean(html))
