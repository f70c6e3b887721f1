"""Repair the source of a Liquid template before the library parses it.

Jekyll stops at a mistake. A feed has to go on without hiding too little: tags that mean nothing here are removed,
blocks that nothing closes are closed or removed, and a condition that cannot be parsed counts as false.
The scan is linear: every search is bounded or remembered.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MASK: Final = "\ufdd0"
"""Replaces a brace that is text; Unicode reserves this character for such use, so no text contains it."""
_LONGEST_MARK: Final = 2000
"""Characters between the delimiters of a tag or variable; longer text between them is text."""
_DEEPEST: Final = 50
"""Blocks inside each other; the content of deeper blocks is removed."""
_WHITE_SPACE_RUN: Final = re.compile(r"[^\S\n]{100,}+")
_NAME: Final = re.compile(r"-?\s*+(#|\w++)")
_END_RAW: Final = re.compile(r"\{%-?\s*+endraw\s*+-?%\}")
_OPENER: Final = re.compile(r"\{[{%]")
_LOOP_LIMIT: Final = re.compile(r"\b(?:limit|offset)\s*+:")
_REVERSED: Final = re.compile(r"(?<!\S)reversed\b")
_CLOSERS: Final = {"{{": "}}", "{%": "%}"}

BLOCKS: Final = frozenset(("if", "unless", "case", "for", "tablerow", "capture", "highlight", "ifchanged"))
_CONDITIONS: Final = frozenset(("if", "unless", "case"))
_BRANCHES: Final = {
    "else": frozenset(("if", "unless", "case", "for")),
    "elsif": frozenset(("if", "unless")),
    "when": frozenset(("case",)),
}
_ALIASES: Final = {"elseif": "elsif", "elif": "elsif"}
_SINGLE: Final = frozenset(
    ("#", "assign", "link", "post_url", "include", "include_relative", "cycle", "increment", "decrement")
)
_LOOP_EXITS: Final = frozenset(("break", "continue"))

Link = Callable[[str, str], "str | None"]
"""Returns the path of the page that a ``link`` or ``post_url`` tag names, or None."""
Include = Callable[[str, str], "str | None"]
"""Returns the text of the file that an ``include`` or ``include_relative`` tag names, or None."""
Convert = Callable[[str], str]
"""Converts Markdown to HTML for the filter `markdownify`."""
Check = Callable[[str, str], bool]
"""Returns whether the argument of a tag can be parsed."""


@dataclass(slots=True)
class Mark:
    """A tag or variable of the source; ``name`` is empty for a variable."""

    start: int
    end: int
    name: str
    argument: str
    text: str
    closes: int | None = None
    """For the tag that opens a block: the index of the tag that closes it."""


@dataclass(slots=True)
class Source:
    """A repaired template."""

    original: str
    text: str
    offsets: list[tuple[int, int]]
    """Pairs of a position in ``text`` and the position in the original that it comes from."""
    dropped: list[Mark]
    marks: list[Mark]
    line_ends: list[int]

    def find_line(self, position: int) -> int:
        """Return the line of a position in the original, from 1."""
        return bisect_left(self.line_ends, position) + 1

    def find_mark(self, position: int) -> Mark | None:
        """Return the mark of the original that the text at a position comes from, or None."""
        place = bisect_right(self.offsets, (position, 1 << 60)) - 1
        if place < 0:
            return None
        original = self.offsets[place][1] + position - self.offsets[place][0]
        index = bisect_right(self.marks, original, key=lambda mark: mark.start) - 1
        return self.marks[index] if index >= 0 and original < self.marks[index].end else None


def repair_source(text: str, check: Check, is_known: Callable[[str], bool]) -> Source:
    """Return a template that the library can parse, and what had to be removed.

    Args:
        text: The template.
        check: Returns whether the argument of a tag can be parsed.
        is_known: Returns whether every name in a condition has a value. Only such a condition hides the rest of a text
            when nothing closes its block.
    """
    # If the text had the mask already, it would be replaced there too.
    text = text.replace(MASK, "")
    marks = _find_marks(text)
    _match_blocks(marks)
    return _Writer(text, marks, check, is_known).write()


def _find_marks(text: str) -> list[Mark]:
    found: list[Mark] = []
    position = 0
    # Whether a later ``raw`` may have an end. The end is searched once, not from each ``raw``.
    has_end = True
    while opener := _OPENER.search(text, position):
        start, position = opener.span()
        closer = _CLOSERS[opener[0]]
        end = text.find(closer, position, position + _LONGEST_MARK)
        # The patterns of the library take quadratic time on long runs of white space.
        if end < 0 or _WHITE_SPACE_RUN.search(text, position, end):
            continue
        mark = _read_mark(text[start : end + 2], start)
        if mark.name == "raw":
            close = _END_RAW.search(text, mark.end) if has_end else None
            has_end = close is not None
            if close is None:
                mark.name = "raw that nothing closes"
            else:
                mark.argument, mark.end = text[mark.end : close.start()], close.end()
        found += _split_lines(mark) if mark.name == "liquid" else [mark]
        position = mark.end
    return found


def _read_mark(whole: str, start: int) -> Mark:
    end = start + len(whole)
    inner = whole[2:-2].removesuffix("-")
    if whole.startswith("{{"):
        return Mark(start, end, "", inner.removeprefix("-").strip(), whole)
    name = _NAME.match(inner)
    if name is None:
        return Mark(start, end, "?", "", whole)
    argument = inner[name.end() :].strip()
    if name[1] == "for":
        argument = _drop_late_reversed(argument)
    if name[1] == "echo":
        return Mark(start, end, "", argument, "{{ " + argument + " }}")
    return Mark(start, end, _ALIASES.get(name[1], name[1]), argument, whole)


def _drop_late_reversed(argument: str) -> str:
    """Remove ``reversed`` from behind the other words of a loop, where Jekyll ignores it."""
    limit = _LOOP_LIMIT.search(argument)
    return argument[: limit.end()] + _REVERSED.sub("", argument[limit.end() :]) if limit else argument


def _split_lines(mark: Mark) -> list[Mark]:
    """Return the lines of a ``liquid`` tag as tags. They follow each other without text between them."""
    lines = mark.text[2:-2].strip("-").strip().removeprefix("liquid").split("\n")
    tags = [_read_mark(f"{{% {line.strip()} %}}", 0) for line in lines if line.strip()]
    for number, tag in enumerate(tags, mark.start):
        tag.start, tag.end = number, number + 1
        # Its text would begin behind the whole tag.
        tag.name = "raw in a line" if tag.name == "raw" else tag.name
    if tags:
        tags[-1].end = mark.end
    return tags


def _match_blocks(marks: list[Mark]) -> None:
    """Set ``closes`` of each tag that opens a block; the end of a block closes those inside it too."""
    # Comments come first, because tags inside them do not count.
    _match_comments(marks)
    opened: list[int] = []
    counts = dict.fromkeys(BLOCKS, 0)
    inside_until = -1
    for index, mark in enumerate(marks):
        if index <= inside_until:
            continue
        if mark.name == "comment" and mark.closes is not None:
            inside_until = mark.closes
        elif mark.name in BLOCKS:
            opened.append(index)
            counts[mark.name] += 1
        elif counts.get(name := mark.name.removeprefix("end")) and name != mark.name:
            # Blocks that are still open inside end here as well.
            while marks[inner := opened.pop()].name != name:
                counts[marks[inner].name] -= 1
            counts[name] -= 1
            marks[inner].closes = index


def _match_comments(marks: list[Mark]) -> None:
    begun: list[int] = []
    for index, mark in enumerate(marks):
        if mark.name == "comment":
            begun.append(index)
        elif mark.name == "endcomment" and begun:
            marks[begun.pop()].closes = index


@dataclass(slots=True)
class _Writer:
    """Writes the repaired template from left to right."""

    original: str
    marks: list[Mark]
    check: Check
    is_known: Callable[[str], bool]
    parts: list[str] = field(default_factory=list)
    length: int = 0
    offsets: list[tuple[int, int]] = field(default_factory=list)
    dropped: list[Mark] = field(default_factory=list)
    open: list[Mark] = field(default_factory=list)

    def write(self) -> Source:
        position = index = 0
        while index < len(self.marks):
            mark = self.marks[index]
            self._add_text(self.original[position : mark.start], position)
            position = mark.end
            index = self._write_mark(index, mark)
            if index > 0 and self.marks[index - 1] is not mark:
                position = self.marks[index - 1].end
        self._add_text(self.original[position:], position)
        for mark in reversed(self.open):
            self._add(f"{{% end{mark.name} %}}", mark.start)
        line_ends = [place.start() for place in re.finditer("\n", self.original)]
        text = "".join(self.parts)
        return Source(self.original, text, self.offsets, self.dropped, self.marks, line_ends)

    def _add(self, text: str, origin: int) -> None:
        self.offsets.append((self.length, origin))
        self.parts.append(text)
        self.length += len(text)

    def _add_text(self, text: str, origin: int) -> None:
        """Add text outside marks. The lexer would search for the end of each delimiter in it, so these are masked."""
        if "{{" in text or "{%" in text:
            text = text.replace("{", MASK)
        self._add(text, origin)

    def _drop(self, mark: Mark) -> None:
        self.dropped.append(mark)

    def _write_mark(self, index: int, mark: Mark) -> int:
        """Write a mark; return the index of the mark to go on with."""
        name = mark.name
        if name == "comment":
            if mark.closes is not None:
                self._strip_spaces(mark, self.marks[mark.closes])
                return mark.closes + 1
            self._drop(mark)
        elif name == "raw":
            self._add(mark.text + mark.argument + "{% endraw %}", mark.start)
        elif name in BLOCKS:
            return self._open_block(index, mark)
        elif name.removeprefix("end") in BLOCKS:
            self._close_block(index, mark)
        elif name in _BRANCHES:
            self._write_branch(mark)
        elif not name or name in _SINGLE or (name in _LOOP_EXITS and self._is_in_loop()):
            self._write_single(mark)
        else:
            self._drop(mark)
        return index + 1

    def _is_in_loop(self) -> bool:
        return any(mark.name in ("for", "tablerow") for mark in self.open)

    def _open_block(self, index: int, mark: Mark) -> int:
        if mark.closes is None and not (mark.name in _CONDITIONS and self.is_known(mark.argument)):
            self._drop(mark)
            return index + 1
        # The parser of the library recurses, so deep nesting raises an error.
        if len(self.open) >= _DEEPEST:
            self._drop(mark)
            return len(self.marks) if mark.closes is None else mark.closes + 1
        # A condition that cannot be parsed counts as false: showing hidden text would be worse than hiding text.
        known = mark.name == "ifchanged" or (bool(mark.argument) and self.check(mark.name, mark.argument))
        if not known:
            self._drop(mark)
            if mark.closes is None:
                return index + 1
        self.open.append(mark)
        self._add_tag(mark, mark.argument if known else _FALLBACKS[mark.name])
        return index + 1

    def _close_block(self, index: int, mark: Mark) -> None:
        if not any(block.closes == index for block in self.open):
            self._drop(mark)
            return
        while True:
            block = self.open.pop()
            if block.closes == index:
                self._add_tag(mark, "")
                return
            self._add(f"{{% end{block.name} %}}", mark.start)

    def _write_branch(self, mark: Mark) -> None:
        if not self.open or self.open[-1].name not in _BRANCHES[mark.name]:
            self._drop(mark)
        elif mark.name == "else":
            self._add_tag(mark, "")
        elif mark.argument and self.check(mark.name, mark.argument):
            self._add_tag(mark, mark.argument)
        else:
            self._drop(mark)
            self._add_tag(mark, _FALLBACKS[mark.name])

    def _write_single(self, mark: Mark) -> None:
        if mark.name == "#":
            self._strip_spaces(mark, mark)
            return
        if mark.argument and not self.check(mark.name, mark.argument):
            self._drop(mark)
        elif mark.name or mark.argument:
            self._add(mark.text, mark.start)

    def _strip_spaces(self, first: Mark, last: Mark) -> None:
        """Keep what the hyphens of a removed comment do to the text around it."""
        before, after = first.text[2:3] == "-", last.text[-3:-2] == "-"
        if before or after:
            self._add(f"{{%{'-' * before} comment %}}{{% endcomment {'-' * after}%}}", first.start)

    def _add_tag(self, mark: Mark, argument: str) -> None:
        # The hyphens of white space control belong to the tag and are kept.
        before = "-" if mark.text[2:3] == "-" else ""
        after = "-" if mark.text[-3:-2] == "-" else ""
        self._add(f"{{%{before} {mark.name} {argument} {after}%}}", mark.start)


_FALLBACKS: Final = {
    "if": "false",
    "unless": "true",
    "elsif": "false",
    "case": "nil",
    "when": "'\uffff'",
    "for": "x in nil",
    "tablerow": "x in nil",
    "capture": "x",
    "highlight": "text",
    "ifchanged": "",
}
"""Arguments for tags whose own argument cannot be parsed: they hide what is inside."""
