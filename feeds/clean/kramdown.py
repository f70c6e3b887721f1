"""The Markdown library, brought near to kramdown as Jekyll uses it (input GFM). Its only importer.

Differences of the library that are mended here: headings have ids and need a space after ``#``, lists nest by the
column of their text and may follow a paragraph directly, fences may be indented, ``~~`` strikes out, ``$$`` stays as
text, footnote ids have the post's prefix. Typography stays as it is written.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markdown import Markdown
from markdown.blockprocessors import HashHeaderProcessor
from markdown.extensions import Extension
from markdown.extensions.footnotes import FootnoteExtension
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = re.compile(r"( *)([*+-]|\d{1,9}\.)( +)(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *")
_FENCE = re.compile(r"( +)(`{3,}|~{3,})[^`]*")
_STASHED = re.compile("\x02[^\x03]*\x03")
_NOT_IN_ID = re.compile(r"[^\w\- ]")
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def convert(text: str, prefix: str) -> str:
    """HTML of Markdown; may raise whatever the library raises.

    Args:
        text: The Markdown.
        prefix: Put into the ids of footnotes, so that they differ from post to post.
    """
    library, footnotes = _library()
    footnotes.prefix = prefix
    return library.reset().convert(text)


def forget() -> None:
    """Start with a fresh library after it failed: its state may be anything."""
    _library.cache_clear()


@cache
def _library() -> tuple[Markdown, _Footnotes]:
    footnotes = _Footnotes(BACKLINK_TITLE="")
    extensions = ["fenced_code", "tables", "def_list", "abbr", "attr_list", "md_in_html", "sane_lists"]
    return Markdown(extensions=[*extensions, footnotes, _Kramdown()], output_format="html"), footnotes


class _Footnotes(FootnoteExtension):
    """Footnotes whose ids are kramdown's: ``fn:1`` and ``fnref:1``, with the post's prefix."""

    prefix = ""

    def makeFootnoteId(self, id: str) -> str:  # noqa: N802, A002 - the library's name for it
        return f"fn:{self.prefix}{id}"

    def makeFootnoteRefId(self, id: str, found: bool = False) -> str:  # noqa: N802, A002
        return self.unique_ref(f"fnref:{self.prefix}{id}", found)


class _Kramdown(Extension):
    """Everything else in which kramdown differs."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name for it
        md.preprocessors.register(_IndentedFences(md), "indented-fences", 27)
        md.preprocessors.register(_Lists(md), "kramdown-lists", 15)
        md.parser.blockprocessors.register(_Headings(md.parser), "hashheader", 70)
        md.inlinePatterns.register(_Verbatim(r"(\$\$[^$]{1,2000}\$\$)"), "math", 185)
        md.inlinePatterns.register(
            SimpleTagInlineProcessor(r"(~~)(?=\S)([^~]{1,2000})~~", "del"), "strike", 65
        )
        md.treeprocessors.register(_HeadingIds(md), "heading-ids", 5)


class _Verbatim(InlineProcessor):
    """Text in which nothing is Markdown."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name for it
        self,
        m: re.Match[str],
        data: str,
    ) -> tuple[str, int, int]:
        return m[1], m.start(0), m.end(0)


class _Headings(HashHeaderProcessor):
    """Headings need a space: ``#topic#`` at the beginning of a line is text."""

    RE = re.compile(r"(?:^|\n)(?P<level>#{1,6})[ \t]+(?P<header>(?:\\.|[^\\\n])*?)#*(?:\n|$)")


class _HeadingIds(Treeprocessor):
    """Ids of headings, as kramdown's GFM parser makes them."""

    def run(self, root: ElementTree.Element) -> None:
        """Give each heading without an id one."""
        seen: dict[str, int] = {}
        for element in root.iter():
            if element.tag in _HEADINGS and not element.get("id"):
                text = _STASHED.sub("", "".join(element.itertext())).strip().lower()
                name = _NOT_IN_ID.sub("", text).replace(" ", "-") or "section"
                count = seen[name] = seen.get(name, -1) + 1
                element.set("id", f"{name}-{count}" if count else name)


class _IndentedFences(Preprocessor):
    """Fences inside list items become indented code, which the library knows everywhere."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines with each closed, indented fence rewritten."""
        out: list[str] = []
        position = 0
        while position < len(lines):
            fence = _FENCE.fullmatch(lines[position])
            end = _closing(lines, position, fence[2]) if fence else 0
            if fence and end:
                out += _as_code(lines[position + 1 : end], len(fence[1]))
                position = end
            else:
                out.append(lines[position])
            position += 1
        return out


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Index of the line that closes a fence, 0 if none does within a bound."""
    for index in range(start + 1, min(len(lines), start + 500)):
        line = lines[index].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return index
    return 0


def _as_code(lines: list[str], column: int) -> Iterator[str]:
    yield ""
    for line in lines:
        margin = min(column, len(line) - len(line.lstrip(" ")))
        yield " " * (column + 4) + line[margin:]
    yield ""


class _Lists(Preprocessor):
    """Indents list items by four columns a level, as the library wants it.

    In kramdown what belongs to an item begins in the column of the item's text.
    """

    def run(self, lines: list[str]) -> list[str]:
        """The lines with the contents of lists moved."""
        self.columns: list[int] = []
        out: list[str] = []
        blank = True
        for line in lines:
            if not line.strip():
                out.append("")
                blank = True
                continue
            item = None if _RULE.fullmatch(line) else _ITEM.match(line)
            out += self._item(item, line, blank) if item else [self._text(line, blank)]
            blank = False
        return out

    def _item(self, item: re.Match[str], line: str, blank: bool) -> list[str]:
        indent = len(item[1])
        while self.columns and indent < self.columns[-1]:
            self.columns.pop()
            if self.columns == []:
                blank = True  # the next item of the same list, not one that follows a paragraph
        depth = len(self.columns)
        if indent - (self.columns[-1] if self.columns else 0) > 3:
            return [" " * 4 * depth + line[self.columns[-1] if self.columns else 0 :]]
        self.columns.append(item.end())
        moved = f"{' ' * 4 * depth}{item[2]} {line[item.end() :]}"
        return [moved] if blank or depth else ["", moved]

    def _text(self, line: str, blank: bool) -> str:
        if not self.columns:
            return line
        indent = len(line) - len(line.lstrip(" "))
        if not blank:
            return " " * 4 * (len(self.columns) - 1) + line.lstrip(" ")
        while self.columns and indent < self.columns[-1]:
            self.columns.pop()
        return " " * 4 * len(self.columns) + line[self.columns[-1] :] if self.columns else line
