"""Find HTML blocks as kramdown does: up to the end tag of the element, with Markdown inside if an attribute enables it.

CommonMark ends an HTML block at a blank line; kramdown follows the element. Each block is replaced by a mark that is a
paragraph of its own.
"""

from __future__ import annotations

import re

from feeds.sanitizer.markdown.elements import (
    ATTRIBUTES,
    CONTENT_OF_BLOCKS,
    CONTENT_OF_SPANS,
    MARKDOWN_ATTRIBUTE,
    TAG,
    VOID_ELEMENTS,
)
from feeds.sanitizer.markdown.source import Source

# Adjacent blocks, each without another of its kind or a comment inside: what most HTML bodies consist of.
# The names are few because each unclosed element is looked through once for each name.
_SIMPLE_BLOCKS = re.compile(
    r"(?:(?>(?:[ \t]*+\n)*) {0,3}"
    rf"<(p|center|div|table|ul|ol|dl|h[1-6]|blockquote|figure|section|pre){ATTRIBUTES}>"
    r"(?>(?:[^<]++|<(?!(?i:/?\1|!--)))*)</\1>)+",
    re.IGNORECASE,
)
_SCRIPT_END = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}


class HtmlBlocks:
    """Consumes the HTML blocks of a source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._open: list[tuple[str, list[str]]] = []
        """Elements with Markdown inside that are open, and the raw elements around each."""
        self._indent = 0
        self._comments_end = True
        """Whether a comment that begins here may end; searching again for each would take quadratic time."""

    def consume(self, start: int, tag: re.Match[str], indent: int) -> bool:
        """Consume the block that a tag begins or ends; return whether there is such a block.

        Args:
            start: Where its line begins.
            tag: A match of :data:`~feeds.sanitizer.markdown.elements.BLOCK_TAG`.
            indent: Where the item's text begins if the block belongs to an item, else 0.
        """
        self._indent = indent
        name = (tag[2] or "").lower()
        if not name:
            return self._consume_comment(start, tag.end())
        if tag[1]:
            return self._consume_end(start, tag.end(), name)
        # A single match skips what the general way would read tag by tag.
        simple = _SIMPLE_BLOCKS.match(self._source.text, start)
        if simple and "markdown" not in simple[0]:
            self._write(start, simple.end())
            self._source.skip_to(simple.end())
        else:
            self._consume_raw(start, start, [])
        return True

    def close_all(self) -> None:
        """Close the elements that the text leaves open."""
        for name, _ in reversed(self._open):
            self._source.mark_block("html", f"</{name}>")

    def _write(self, start: int, end: int) -> None:
        self._source.mark_block("html", self._source.text[start:end], indent=self._indent)

    def _consume_comment(self, start: int, position: int) -> bool:
        end = self._skip_comment(position)
        if not self._comments_end:
            return False
        self._write(start, end)
        self._source.skip_to(end)
        return True

    def _consume_end(self, start: int, position: int, name: str) -> bool:
        """Consume the end tag of an element with Markdown inside; any other end tag is not a block."""
        # An end tag without its start tag is text in kramdown.
        if not self._open or self._open[-1][0] != name:
            return False
        _, around = self._open.pop()
        if around:
            self._consume_raw(start, position, around)
        else:
            self._write(start, position)
            self._source.skip_to(position)
        return True

    def _consume_raw(self, start: int, position: int, around: list[str]) -> None:
        """Consume raw HTML up to the end of its outermost element, or to an element with Markdown inside.

        Args:
            start: Where it begins.
            position: Where to go on reading.
            around: Names of the elements that are open there.
        """
        text = self._source.text
        while (tag := TAG.search(text, position)) is not None:
            position = tag.end()
            name = (tag[2] or "").lower()
            if not name:
                position = self._skip_comment(position)
            elif tag[1]:
                # Only the innermost element is closed, as in kramdown; other end tags are ignored.
                if around and around[-1] == name:
                    around.pop()
            elif name not in VOID_ELEMENTS and not tag[3].endswith("/"):
                if way := _read_markdown_attribute(tag, name):
                    self._write_with_markdown(start, tag, name, way, around)
                    return
                around.append(name)
                position = self._skip_script(position, name)
            if not around:
                break
        else:
            position = len(text)
        self._write(start, position)
        self._source.skip_to(position)

    def _skip_comment(self, position: int) -> int:
        """Return where a comment ends whose beginning ends at a position; the position if it never ends."""
        end = self._source.text.find("-->", position) if self._comments_end else -1
        self._comments_end = end >= 0
        return end + 3 if end >= 0 else position

    def _skip_script(self, position: int, name: str) -> int:
        """Return where the end tag of an element begins in which tags are text; the position for any other."""
        if name not in _SCRIPT_END:
            return position
        end = _SCRIPT_END[name].search(self._source.text, position)
        return end.start() if end else len(self._source.text)

    def _write_with_markdown(
        self, start: int, tag: re.Match[str], name: str, way: str, around: list[str]
    ) -> None:
        """Write the start tag of an element with Markdown inside, and of one with spans all of it."""
        source = self._source
        before = source.text[start : tag.start()] + MARKDOWN_ATTRIBUTE.sub("", tag[0], count=1)
        if way == "block":
            source.mark_block("html", before, indent=self._indent)
            self._open.append((name, around))
            source.skip_to(tag.end())
            return
        end = source.text.find(f"</{name}", tag.end())
        end = len(source.text) if end < 0 else end
        keep = source.marks.keep
        inside = " ".join(source.text[tag.end() : end].split("\n")).strip()
        source.write_block(keep("span html", before) + inside + keep("html", f"</{name}>"), self._indent)
        after = source.text.find(">", end) + 1 or len(source.text)
        if around:
            self._consume_raw(after, after, around)
        else:
            source.skip_to(after)


def _read_markdown_attribute(tag: re.Match[str], name: str) -> str:
    """Return how the content of an element is Markdown: ``block``, ``span`` or not (empty)."""
    stated = MARKDOWN_ATTRIBUTE.search(tag[3]) if "markdown" in tag[3] else None
    if stated is None:
        return ""
    way = stated[1] or stated[2] or stated[3]
    if way in ("block", "span"):
        return way
    if way != "1":
        return ""
    return "span" if name in CONTENT_OF_SPANS else "block" if name in CONTENT_OF_BLOCKS else ""
