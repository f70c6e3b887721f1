"""Markdown in the way nearest to kramdown, and only where there is any.

Most bodies are HTML blocks and plain paragraphs, which mean the same before and after. A scanner passes these
through, and hands the rest to the library (:mod:`~feeds.sanitizer.kramdown`), once, with a placeholder for each
part that it has passed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

# The elements that begin a raw block at the margin. The library has more; those end the scanner's part.
_BLOCKS = "p|center|div|table|ul|ol|dl|h[1-6]|blockquote|figure|section|pre|article|aside|header|footer|nav"
_ATTRIBUTES = r"(?:\s++[\w:.-]++(?:\s*+=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s\"'<>=`]++))?+)*+\s*+"
_BLOCK_START = re.compile(rf" {{0,3}}<({_BLOCKS}){_ATTRIBUTES}>", re.IGNORECASE)
_RULE_TAG = re.compile(r" {0,3}<hr\s*+/?>", re.IGNORECASE)
_COMMENT = re.compile(r" {0,3}<!--")
# Blocks one after the other, each without another of its kind or a comment inside: nearly every HTML body.
_RUN = re.compile(
    rf"(?:(?:[ \t]*+\n)*+ {{0,3}}<({_BLOCKS}){_ATTRIBUTES}>(?:[^<]++|<(?!(?i:/?\1|!--)))*+</\1>)+",
    re.IGNORECASE,
)
_GAP = re.compile(r"[ \t]*+(?:\n[ \t]*+)*+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
# Tags that stay within a paragraph; after any other one, what is raw and what is not is the library's to say.
_NOT_INLINE = re.compile(
    r"<(?!/?(?:a|b|i|u|s|em|strong|span|br|img|sub|sup|code|del|ins|small|big|font|mark|q|abbr|cite|kbd)\b|https?:)"
    r"[/!?a-zA-Z]",
    re.IGNORECASE,
)
# What makes parts of a body depend on each other: fences, formulas, definitions, attributes of the block before.
_WHOLE = tuple(
    (mark[0], mark) for mark in ("```", "~~~", "$$", "*[", "{:", "\ufdd0", "\x02", "\x03", "markdown=")
)
_DEFINITION = re.compile(r"\n {0,3}:")
_MARKUP = re.compile(r"[\\`*_\[\]<>&|~{}$^]| \n|^(?:\s|[#+:=-]|\d+[.)])", re.MULTILINE)
_QUOTE = re.compile(r"(?:>[^\n]*+(?:\n|\Z))++")
_QUOTE_START = re.compile(r" {0,3}>")
_QUOTE_MARK = re.compile(r"^> ?", re.MULTILINE)
_PLACE = re.compile("(?:<p>)?\ufdd0([0-9]+)\ufdd0(?:</p>)?")

_LONGEST = 256 * 1024
_LONG_RUN = re.compile(r"([\[\]*_`>(<!~^#&\\|+=-])(?:[ \n]{0,2}\1){200}")
_DEEP = re.compile(r"^[ \t]{120}|^(?:[ ]{0,4}+(?:[>*+-]|\d{1,9}+\.)){30}", re.MULTILINE)
# Behind a fence the library divides white space in every way.
_LONG_FENCE = re.compile(r"^(?:```|~~~)[^\n]{1000}", re.MULTILINE)
_MOST_MARKS = 3000
# Lines that end a block wherever they stand: at each the library copies what is left of the block.
_BREAKING = re.compile(r"^ {0,3}(?:#|[=*_-]{2}|[=-] *+$|\[|:[ \t]|[*_-] ?[*_-])", re.MULTILINE)
_MOST_COPIED = 100_000_000
# Each row of a table gets as many cells as the head has, however few are written.
_MOST_CELLS = 150_000
# From the beginning of each tag without an end the library looks on to the end of the text.
_UNCLOSED = re.compile(r"<[a-zA-Z/!?][^<>]*+(?=<|\Z)")
_MOST_LOOKED_AT = 50_000_000


def markdown_to_html(text: str, prefix: str = "") -> str:
    """The HTML of a Markdown body. Never fails: what the library cannot take becomes escaped paragraphs.

    Args:
        text: The body.
        prefix: Put into footnote ids, so that those of two posts on one page differ.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _is_whole(text):
        return _convert(text, prefix)
    return _Scanner(text, prefix).html()


def _is_whole(text: str) -> bool:
    """Whether parts of a body may depend on each other."""
    if text.startswith(":") or _DEFINITION.search(text):
        return True
    # A single character is found five times as fast as a longer mark, and mostly is not there.
    return any(sign in text and mark in text for sign, mark in _WHOLE)


class _Scanner:
    """Cuts a body into parts that are HTML already and parts that are Markdown."""

    def __init__(self, text: str, prefix: str) -> None:
        self.text = text
        self.prefix = prefix
        self.parts: list[tuple[bool, str]] = []
        """Whether a part is HTML, and the part."""
        self.raw = -1
        """Where the raw blocks begin that the last part consists of; -1 if it is another part."""

    def html(self) -> str:
        """The HTML of the whole body."""
        position = 0
        while position < len(self.text):
            position = self._part(position)
        if all(done for done, _ in self.parts):
            return "\n".join(part for _, part in self.parts)
        return self._by_library()

    def _part(self, position: int) -> int:
        """Read the part at a position; gives the position after it."""
        gap = _GAP.match(self.text, position)
        start = gap.end() if gap else position
        margin = self.text.rfind("\n", position, start) + 1
        begin = max(margin, position) if margin else position  # the margin of the line, or the end of a block
        if start == len(self.text):
            return start
        if self.text[start] == "<" and (end := self._block_end(begin)):
            if self.raw < 0:
                self.raw = start
                self.parts.append((True, ""))
            self.parts[-1] = (True, self.text[self.raw : end])
            return end
        position = self._paragraph(begin)
        self.raw = -1
        return position

    def _block_end(self, begin: int) -> int:
        """Where the raw block that begins at a position ends; 0 if there is none that surely ends."""
        run = _RUN.match(self.text, begin)
        if run:
            return run.end()
        if _COMMENT.match(self.text, begin):
            end = self.text.find("-->", begin + 4)
            return end + 3 if end >= 0 else 0
        rule = _RULE_TAG.match(self.text, begin)
        if rule:
            return rule.end()
        tag = _BLOCK_START.match(self.text, begin)
        return _element_end(self.text, tag.end(), tag[1]) if tag else 0

    def _paragraph(self, begin: int) -> int:
        """Read to the next blank line; or to the end, if something unclear is in between."""
        blank = _BLANK_LINE.search(self.text, begin)
        end = blank.start() if blank else len(self.text)
        part = self.text[begin:end]
        html = _simple(part)
        if _QUOTE_START.match(part) and self.parts and self.raw < 0:
            # One after the other they are one quotation: then all of it is the library's.
            done, last = self.parts[-1]
            if done and last.startswith("<blockquote>\n<p>"):
                self.parts[-1], html = (False, _quoted(last)), ""
            elif not done and _QUOTE_START.match(last):
                html = ""
        if html:
            self.parts.append((True, html))
        elif "<" in part and _NOT_INLINE.search(part):
            self.parts.append((False, self.text[begin:]))
            return len(self.text)
        else:
            self.parts.append((False, part))
        return end

    def _by_library(self) -> str:
        source = [f"\ufdd0{n}\ufdd0" if done else part for n, (done, part) in enumerate(self.parts)]
        html = _convert("\n\n".join(source), self.prefix)
        return _PLACE.sub(lambda place: self.parts[int(place[1])][1], html)


def _element_end(text: str, start: int, name: str) -> int:
    """Where an element ends whose start tag ends at ``start``; 0 if it does not, or not surely."""
    end = text.find(f"</{name}>", start)
    inside = text[start:end]
    if end >= 0 and f"<{name}" not in inside and f"<{name.upper()}" not in inside and "<!--" not in inside:
        return end + len(name) + 3
    return _counted_end(text, start, re.compile(rf"<(/?){name}(?=[\s>/])[^<>]*+>|<!--", re.IGNORECASE))


def _counted_end(text: str, start: int, tags: re.Pattern[str]) -> int:
    """:func:`_element_end` by counting the element's own tags; those in comments do not count."""
    depth, position = 1, start
    while depth and (tag := tags.search(text, position)) is not None:
        position = tag.end()
        if tag[0] == "<!--":
            position = text.find("-->", position) + 3
            if position < 3:
                return 0
        else:
            depth += -1 if tag[1] else 1
    return 0 if depth else position


def _simple(part: str) -> str:
    """The HTML of a paragraph or quotation of plain text; empty if it is anything else."""
    if not _MARKUP.search(part):
        return f"<p>{part.rstrip()}</p>"
    if part[0] == ">" and _QUOTE.fullmatch(part):
        inner = _QUOTE_MARK.sub("", part)
        if inner.strip() and not _MARKUP.search(inner):
            return f"<blockquote>\n<p>{inner.rstrip()}</p>\n</blockquote>"
    return ""


def _quoted(html: str) -> str:
    """A plain quotation's Markdown again."""
    text = html.removeprefix("<blockquote>\n<p>").removesuffix("</p>\n</blockquote>")
    return "> " + text.replace("\n", "\n> ")


def _convert(text: str, prefix: str) -> str:
    """What the library makes of Markdown, if it is no text to break it."""
    if len(text) > _LONGEST or _costs_too_much(text):
        return _paragraphs(text)
    from feeds.sanitizer import kramdown

    try:
        return kramdown.convert(text, prefix)
    except Exception:
        kramdown.forget()
        return _paragraphs(text)


def _costs_too_much(text: str) -> bool:
    """Whether the library would take more than linear time or depth: its patterns look ahead from each mark."""
    return (
        _LONG_RUN.search(text) is not None
        or _DEEP.search(text) is not None
        or _LONG_FENCE.search(text) is not None
        or _copies_too_much(_BLANK_LINE.split(text))
        or text.count("<!--") > text.count("-->") + 8
        or text.count("<![CDATA[") > text.count("]]>") + 8
        or ("<" in text and len(_UNCLOSED.findall(text)) * len(text) > _MOST_LOOKED_AT)
        or text.count("<") > _MOST_MARKS * 4
    )


def _copies_too_much(parts: Sequence[str]) -> bool:
    """Whether a long block has too many marks, or blocks are together too long for as often as they break."""
    copied = cells = 0
    for part in parts:
        if len(part) > _LONGEST // 16 and _marks(part) > _MOST_MARKS:
            return True
        cells += _cells(part) if "|" in part else 0
        if len(part) > _LONGEST // 128:
            copied += len(_BREAKING.findall(part)) * len(part)
    return copied > _MOST_COPIED or cells > _MOST_CELLS


def _cells(part: str) -> int:
    """How many cells the library would make of a block that is a table."""
    return (part.count("\n") + 1) * max(line.count("|") for line in part.split("\n"))


def _marks(part: str) -> int:
    return sum(part.count(mark) for mark in (*"[]*_`<!&\\~$", "  \n"))


def _paragraphs(text: str) -> str:
    """Text as it is written, one paragraph for each of its own."""
    parts = (part.strip() for part in _BLANK_LINE.split(text))
    return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in parts if part)
