"""Prepare the HTML of an entry for a page: lazy images and media, no referrer, unique ids.

The HTML comes from the sanitiser: each tag is written as ``<name attribute="value">``, and ``<`` and ``"``
are escaped everywhere else. So a regular expression finds exactly the tags. Only attributes are removed
and added here, never a tag.
"""

from __future__ import annotations

import re

PREFIX = "user-content-"
"""Prefix of every id, and of every link to an id, that the sanitiser writes."""

# Only the tags that change: those with attributes, and those that get some.
_TAG = re.compile(r'<(a|audio|img|video|[a-z][a-z0-9]*+(?= ))((?>(?: [^\s=<>"]++(?>(?:="[^"]*+")?))*))>')
_ATTRIBUTE = re.compile(r' ([^\s=<>"]++)(?>(?:="([^"]*+)")?)')
_ALIGNED = re.compile(r"(?:^|;)\s*text-align\s*:\s*(center|right)", re.IGNORECASE)

# A line break between two Chinese or Japanese characters is not a space (CSS Text 3, 4.1.3); not every browser knows.
_WIDE = r"[\u2e80-\u2fdf\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60]"
_INLINE = r"(?:a|b|em|i|span|strong)"
# The pattern begins with the line break, which is found fast; the text before it is checked afterwards.
_BREAK = re.compile(rf"\n[ \t]?(?=(?:<{_INLINE}(?: [^<>]*+)?>)?{_WIDE})")
_BEFORE = re.compile(rf"{_WIDE}(?:</{_INLINE}>)?(?=[ \t]?\Z)")
_MAX_BEFORE = len("字</strong> ")

# Paragraphs that became one line: Chinese punctuation brings its own space.
_AFTER_MARK = re.compile(rf"([，。；：！？、…）》」』】”’])\s+(?=[“‘（《「『【]|{_WIDE})")

# Colours of another site may be unreadable in light or dark mode, and the page's security policy refuses styles.
_STYLE_ATTRIBUTES = frozenset(("style", "color", "bgcolor", "face", "background"))
_REPLACED = {
    "img": frozenset(("loading", "referrerpolicy", "decoding")),
    "audio": frozenset(("preload", "controls")),
    "video": frozenset(("preload", "controls")),
    "font": frozenset(("size",)),
    "a": frozenset(("rel", "target")),
}
_ADDED = {
    "img": ' loading="lazy" decoding="async" referrerpolicy="no-referrer"',
    "audio": ' controls preload="none"',
    "video": ' controls preload="none"',
    "a": ' rel="noreferrer"',
}
_NO_NAMES: frozenset[str] = frozenset()


def join_paragraphs(text: str) -> str:
    """Join the paragraphs of a plain text, without a space where Chinese has none."""
    return _AFTER_MARK.sub(r"\1", text)


def prepare_html(html: str, mark: str) -> str:
    """Prepare the HTML of an entry for a page that contains other entries.

    Args:
        html: Sanitised HTML with absolute addresses.
        mark: Short name of the entry. It becomes part of its ids, which could clash with other entries.
    """

    def rewrite_tag(match: re.Match[str]) -> str:
        name, attributes = match[1], match[2]
        return f"<{name}{_ADDED.get(name, '')}{_rewrite_attributes(name, attributes, mark)}>"

    return _join_cjk_lines(_TAG.sub(rewrite_tag, html))


def _join_cjk_lines(html: str) -> str:
    if "\n" not in html or html.isascii():
        return html
    pieces = []
    for piece in html.split("</pre>"):
        before, start, inside = piece.partition("<pre")
        pieces.append(_remove_breaks(before) + start + inside)
    return "</pre>".join(pieces)


def _remove_breaks(text: str) -> str:
    parts, position = [], 0
    for found in _BREAK.finditer(text):
        before = _BEFORE.search(text, max(position, found.start() - _MAX_BEFORE), found.start())
        if before:
            parts.append(text[position : before.end()])
            position = found.end()
    return "".join([*parts, text[position:]]) if parts else text


def _rewrite_attributes(tag: str, written: str, mark: str) -> str:
    replaced = _REPLACED.get(tag, _NO_NAMES)
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        name, value = match[1], match[2] or ""
        if name in _STYLE_ATTRIBUTES:
            aligned = _ALIGNED.search(value) if name == "style" else None
            if aligned:
                found["align"] = aligned[1].lower()
        elif name not in replaced:
            found[name] = _prefix_reference(name, value, mark) if PREFIX in value else value
    if tag == "img":
        found.setdefault("alt", "")
    return "".join(f' {name}="{value}"' for name, value in found.items())


def _prefix_reference(name: str, value: str, mark: str) -> str:
    """Add the entry's mark to an id, or to a reference to an id."""
    if name in ("id", "name") or (name == "href" and value.startswith("#")):
        return value.replace(PREFIX, f"{PREFIX}{mark}-", 1)
    if name == "headers":
        return " ".join(_prefix_reference("id", reference, mark) for reference in value.split())
    return value
