"""What kramdown writes in lines of their own: fences, attribute lists, extensions, lists by column.

Each step rewrites lines into what the Markdown library understands. The library has taken out fenced code
and raw HTML when :class:`Marks` and :class:`Lists` run, so they meet neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown.preprocessors import Preprocessor

TOC = "\ufdd1toc\ufdd1"
"""Stands for the table of contents, as a paragraph."""

_ITEM = re.compile(r"( *)([*+-]|\d{1,9}\.)( +)(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?: *\1){2,} *")
_FENCE = re.compile(r"( *+)(`{3,}+|~{3,}+)[ \t]*+([^`\n]*+)")
_LANGUAGE = re.compile(r"\{?[ \t.]*([\w#.+-]++)")
_LONGEST_FENCE = 5000

# An attribute list of a block, or the definition of one.
_ATTRIBUTES = re.compile(r"[ \t]*+\{:((?:[^{}\\\n]|\\.)*+)\}[ \t]*+")
_OF_ITEM = re.compile(r"^\{:[^{}\n]*\}[ \t]*(?=\S)")
_OF_TOC = re.compile(r"\s*toc(?![\w-])|.*\s(?:toc)(?![\w-])")
_END_OF_BLOCK = re.compile(r" {0,3}\^[ \t]*")
_HEADING = re.compile(r"#{1,6}[ \t]+\S")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*")
_NO_PARAGRAPH = re.compile(r" {4}|\t|[ ]{0,3}(?:>|\||:[ \t]|\x02|(?:[*+-]|\d{1,9}\.)[ \t])|[ ]{0,3}<")
_EXTENSION = re.compile(
    r"\{::(comment|nomarkdown|options)\b((?:[^{}\\\n]|\\.)*?)(?:/\}|\}(.*?)\{:/(?:\1)?\})", re.DOTALL
)
_MOST_EXTENSIONS = 50


class Fences(Preprocessor):
    """Fences as the library knows them: at the margin with nothing but a language, in lists as indented code."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines with each closed fence rewritten."""
        out: list[str] = []
        position = 0
        while position < len(lines):
            fence = _FENCE.fullmatch(lines[position])
            end = _closing(lines, position, fence[2]) if fence else 0
            if fence and end:
                code, position = lines[position + 1 : end], end
                out += _indented(code, len(fence[1])) if fence[1] else _fenced(code, fence[2], fence[3])
            else:
                out.append(lines[position])
            position += 1
        return out


def _closing(lines: list[str], start: int, fence: str) -> int:
    """Index of the line that closes a fence, 0 if none does within a bound."""
    for index in range(start + 1, min(len(lines), start + _LONGEST_FENCE)):
        line = lines[index].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return index
    return 0


def _fenced(code: list[str], fence: str, information: str) -> Iterator[str]:
    language = _LANGUAGE.match(information)
    yield fence + (language[1] if language else "")
    yield from code
    yield fence


def _indented(code: list[str], column: int) -> Iterator[str]:
    yield ""
    for line in code:
        margin = min(column, len(line) - len(line.lstrip(" ")))
        yield " " * (column + 4) + line[margin:]
    yield ""


class Marks(Preprocessor):
    """Attribute lists go to the block that they belong to, extensions are carried out, ends of blocks are blank."""

    def run(self, lines: list[str]) -> list[str]:
        """The lines without what is no text."""
        if not any("{:" in line or "^" in line for line in lines):
            return lines
        text = "\n".join(lines)
        if "{::" in text and text.count("{::") < _MOST_EXTENSIONS:
            text = _EXTENSION.sub(self._extension, text)
        self.out: list[str] = []
        self.start = 0
        """Where the block of lines begins that the next line belongs to."""
        self.last = ""
        """The last line that is not blank."""
        for line in text.split("\n"):
            found = _ATTRIBUTES.fullmatch(line)
            if found and not self._in_code(line):
                self._attributes(found[1], line.strip())
            elif not line.strip() or _END_OF_BLOCK.fullmatch(line):
                self.out.append("")
                self.start = len(self.out)
            else:
                self.out.append(line)
                self.last = line
        return self.out

    def _extension(self, found: re.Match[str]) -> str:
        if found[1] != "nomarkdown" or not found[3] or "latex" in found[2]:
            return ""
        return self.md.htmlStash.store(found[3].strip("\n"))

    def _in_code(self, line: str) -> bool:
        """Whether a line is indented as code is, and nothing before it says otherwise."""
        indents = ("    ", "\t")
        return line.startswith(indents) and (not self.last or self.last.startswith(indents))

    def _attributes(self, inside: str, written: str) -> None:
        """Put the attributes where the library looks for them, or leave them out."""
        block = self.out[self.start :]
        if _OF_TOC.match(inside) and block and _ITEM.match(block[0]):
            self.out[self.start :] = [TOC, ""]
            self.last = TOC
        elif not block or inside.lstrip().endswith(":") or ":" in inside.split(" ")[0]:
            return  # of the block that follows, or a definition: nothing of it would be kept
        elif len(block) == 1 and _HEADING.match(block[0]):
            self.out[-1] = f"{block[0].rstrip()} {written}"
        elif len(block) == 2 and _UNDERLINE.fullmatch(block[1]):
            self.out[-2] = f"{block[0].rstrip()} {written}"
        elif not _NO_PARAGRAPH.match(block[0]) and not any("|" in line for line in block):
            self.out += [written, ""]
            self.last = written
        self.start = len(self.out) if not self.out or not self.out[-1] else self.start


class Lists(Preprocessor):
    """Indents list items by four columns a level, as the library wants it.

    In kramdown what belongs to an item begins in the column of the item's text.
    """

    def run(self, lines: list[str]) -> list[str]:
        """The lines with the contents of lists moved."""
        self.columns: list[int] = []
        self.apart = False
        """Whether the last text was a paragraph of its own within an item."""
        self.code = False
        """Whether the last line was code within an item: the next keeps its distance from the margin."""
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
        apart, self.apart = self.apart and not blank, False
        while self.columns and indent < self.columns[-1]:
            self.columns.pop()
            if self.columns == []:
                blank = True  # the next item of the same list, not one that follows a paragraph
        depth = len(self.columns)
        if indent - (self.columns[-1] if self.columns else 0) > 3:
            self.code |= blank
            return [" " * 4 * depth + line[self.columns[-1] if self.columns else 0 :]]
        self.code = False
        self.columns.append(item.end())
        text = _OF_ITEM.sub("", line[item.end() :], 1) if "{:" in line else line[item.end() :]
        moved = f"{' ' * 4 * depth}{item[2]} {text}"
        return [moved] if (blank or depth) and not apart else ["", moved]

    def _text(self, line: str, blank: bool) -> str:
        if not self.columns:
            return line
        indent = len(line) - len(line.lstrip(" "))
        if not blank and not (self.code and indent > self.columns[-1] + 3):
            self.code = False
            return " " * 4 * (len(self.columns) - 1 + self.apart) + line.lstrip(" ")
        while self.columns and indent < self.columns[-1]:
            self.columns.pop()
        self.apart = bool(self.columns)
        self.code = self.apart and indent > self.columns[-1] + 3
        return " " * 4 * len(self.columns) + line[self.columns[-1] :] if self.columns else line
