"""The HTML of an entry as a page shows it: nothing is loaded before it is seen, nothing says who reads.

The HTML comes from the sanitiser, so each tag is written as ``<name attribute="value">`` with ``<`` and
``"`` escaped everywhere else: a regular expression finds exactly the tags. Only attributes are taken away
and added here, never a tag.
"""

from __future__ import annotations

import re

PREFIX = "user-content-"
"""What the sanitiser puts before every id and every link to one."""

# Only the tags that change: those with attributes, and those that get some.
_TAG = re.compile(r'<(a|audio|img|video|[a-z][a-z0-9]*+(?= ))((?: [^\s=<>"]++(?:="[^"]*+")?+)*+)>')
_ATTRIBUTE = re.compile(r' ([^\s=<>"]++)(?:="([^"]*+)")?+')
_ALIGNED = re.compile(r"(?:^|;)\s*text-align\s*:\s*(center|right)", re.IGNORECASE)

# A line break between two Chinese or Japanese characters is no space (CSS Text 3, 4.1.3); not every browser knows.
_WIDE = r"[\u2e80-\u2fdf\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60]"
_INLINE = r"(?:a|b|em|i|span|strong)"
# It begins with the line break, because that is found fast; what stands before is looked at afterwards.
_BREAK = re.compile(rf"\n[ \t]?(?=(?:<{_INLINE}(?: [^<>]*+)?>)?{_WIDE})")
_BEFORE = re.compile(rf"{_WIDE}(?:</{_INLINE}>)?(?=[ \t]?\Z)")
_LONGEST_BEFORE = len("字</strong> ")

# Paragraphs that became one line: Chinese punctuation brings its own space.
_AFTER_MARK = re.compile(rf"([，。；：！？、…）》」』】”’])\s+(?=[“‘（《「『【]|{_WIDE})")

# Colours and typefaces of somewhere else cannot be read in light and dark; the policy of the page refuses styles.
_LOOK = frozenset(("style", "color", "bgcolor", "face", "background"))
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
_NONE: frozenset[str] = frozenset()


def in_one_line(text: str) -> str:
    """A plain text of several paragraphs as one, without a space where Chinese has none."""
    return _AFTER_MARK.sub(r"\1", text)


def for_page(html: str, mark: str) -> str:
    """An entry's HTML for a page that holds other entries too.

    Args:
        html: Sanitised, absolute HTML.
        mark: Short name of the entry; put into its ids, which would clash with another entry's.
    """

    def mend(match: re.Match[str]) -> str:
        name, attributes = match[1], match[2]
        return f"<{name}{_ADDED.get(name, '')}{_attributes(name, attributes, mark)}>"

    return _joined_lines(_TAG.sub(mend, html))


def _joined_lines(html: str) -> str:
    if "\n" not in html or html.isascii():
        return html
    pieces = []
    for piece in html.split("</pre>"):
        before, start, inside = piece.partition("<pre")
        pieces.append(_without_breaks(before) + start + inside)
    return "</pre>".join(pieces)


def _without_breaks(text: str) -> str:
    parts, position = [], 0
    for found in _BREAK.finditer(text):
        before = _BEFORE.search(text, max(position, found.start() - _LONGEST_BEFORE), found.start())
        if before:
            parts.append(text[position : before.end()])
            position = found.end()
    return "".join([*parts, text[position:]]) if parts else text


def _attributes(tag: str, written: str, mark: str) -> str:
    replaced = _REPLACED.get(tag, _NONE)
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(written):
        name, value = match[1], match[2] or ""
        if name in _LOOK:
            aligned = _ALIGNED.search(value) if name == "style" else None
            if aligned:
                found["align"] = aligned[1].lower()
        elif name not in replaced:
            found[name] = _own(name, value, mark) if PREFIX in value else value
    if tag == "img":
        found.setdefault("alt", "")
    return "".join(f' {name}="{value}"' for name, value in found.items())


def _own(name: str, value: str, mark: str) -> str:
    """An id, or a reference to one, as this entry's own."""
    if name in ("id", "name") or (name == "href" and value.startswith("#")):
        return value.replace(PREFIX, f"{PREFIX}{mark}-", 1)
    if name == "headers":
        return " ".join(_own("id", one, mark) for one in value.split())
    return value
