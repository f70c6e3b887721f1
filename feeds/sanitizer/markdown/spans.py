"""Replace parts of lines by marks: attribute lists, formulas, extensions, raw elements, escapes.

One walk over the text of many lines. What begins with one of a few characters is looked at; code spans are passed over.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable

from feeds.sanitizer.markdown.elements import ATTRIBUTES, BLOCK_ELEMENTS, NAME, VOID_ELEMENTS, has_raw_content
from feeds.sanitizer.markdown.marks import APART, MARK
from feeds.sanitizer.markdown.source import SEPARATOR, Source

# A class of characters comes first, for then the search goes on at the speed of a scan to the next of them.
# What could run over another mark stops at it: a mark that is cut in two means nothing.
_TOKEN = re.compile(
    r"[`$\\{<\]*](?:"
    r"(?<=`)`*+"
    r"|(?<=\$)\$"
    rf"|(?<=\{{)::(?P<extension>\w+)[^{{}}\n{MARK}]*+\}}"
    rf"|(?<=\{{):(?![:/])(?P<attributes>(?>(?:[^{{}}\n{MARK}]|\n(?!\n))*))\}}"
    r"|(?<=[ \t]\{)#(?P<id>(?:[^\W\d]|:)[\w:.-]*+)\}(?=[ \t]*$)"
    r"|(?<=\\)."
    rf"|(?<=<)(?!https?:)(?P<end>/?)(?P<name>{NAME})(?>(?P<rest>{ATTRIBUTES}/?>)?)"
    r"|(?<=\])[ \n]\[(?P<label>[^\]\[\n^][^\]\[\n]*+)\]"
    # Addresses with spaces or backslashes, which the library would not take as they are.
    r"|(?<=\])\([ ]*+(?=(?>(?:[^\s()<>\[\]\"\\]++|\([^\s()<>\[\]\"\\]*+\))*)(?:[ ]++(?![\"')])|\(?[^\s()<>\[\]\"\\]*+\\))"
    r"(?P<address>[^\s()<>\[\]\"]++(?>(?:[ ]+[^\s()<>\[\]\"]++)*)(?>(?:\([^\s()<>\"]*+\)[^\s()<>\"]*+)*))"
    r"(?=[ ]*+(?:\"[^\"\n]*+\"[ ]*+)?\))"
    # Emphasis beside punctuation, which the library sees only where white space is on the other side.
    r"|(?<=[^\s*]\*)\*{3}(?=[^\s*])|(?<=\w\*)\**+(?=[^\w\s*])|(?<=[^\w\s*]\*)\**+(?=\w)"
    r")",
    re.MULTILINE,
)
_RUN = re.compile("`+")
_TAG_START = re.compile(rf"<(/?)({NAME})")
_NOT_ESCAPED = frozenset("%&,/;?@^")
"""Punctuation that kramdown does not escape: a backslash before it is text."""


def mark_spans(text: str, source: Source) -> str:
    """Return a text of whole lines with marks for what the library must not read within them."""
    return _Spans(text, source).run()


class _Spans:
    """The walk over one text."""

    def __init__(self, text: str, source: Source) -> None:
        self._text = text
        self._source = source
        self._keep = source.marks.keep
        self._position = 0
        self._runs: dict[int, list[int]] = {}
        """Where runs of backticks begin, by their length."""
        self._tags: dict[str, tuple[list[int], list[int]]] | None = None
        """Where start tags and end tags begin, by their name."""
        self._extension_end = 0
        """Where the next ``{:/`` was found; -1 if there is none."""

    def run(self) -> str:
        """Return the text with its marks."""
        text = self._text
        if "`" in text:
            for run in _RUN.finditer(text):
                self._runs.setdefault(len(run[0]), []).append(run.start())
        out: list[str] = []
        written = 0
        while (token := _TOKEN.search(text, self._position)) is not None:
            start, self._position = token.span()
            replaced = _READERS[text[start]](self, token)
            if replaced is not None:
                out += (text[written:start], replaced)
                written = self._position
        out.append(text[written:])
        return "".join(out)

    def _has_blank_between(self, start: int, end: int) -> bool:
        """Return whether a blank line is between two positions."""
        return (
            self._text.find("\n\n", start, end) >= 0 or self._text.find(f"\n{SEPARATOR}\n", start, end) >= 0
        )

    # Each of the readers returns what replaces a token; None to leave it as it is.

    def _read_code(self, token: re.Match[str]) -> str | None:
        """Pass over a code span."""
        run, start = token[0], token.start()
        if run == "`" and self._is_alone(start):
            return self._keep("text", run)
        places = self._runs.get(len(run), [])
        number = bisect_right(places, start)
        if number == len(places) or self._has_blank_between(token.end(), places[number]):
            return None
        self._position = places[number] + len(run)
        return None

    def _is_alone(self, start: int) -> bool:
        before, after = self._text[start - 1 : start], self._text[start + 1 : start + 2]
        return (not before or before.isspace()) and after.isspace()

    def _read_formula(self, token: re.Match[str]) -> str | None:
        """Keep a formula as it is written: no feed reader shows it otherwise."""
        end = self._text.find("$$", token.end())
        if end < 0 or self._text.find(MARK, token.end(), end) >= 0:
            return None
        self._position = end + 2
        return self._keep("text", self._text[token.start() : self._position])

    def _read_braces(self, token: re.Match[str]) -> str | None:
        if token["id"]:
            return self._keep("id", token[0], token["id"])
        if token["extension"]:
            return self._read_extension(token)
        return self._keep("span", token[0], token["attributes"])

    def _read_extension(self, token: re.Match[str]) -> str | None:
        name, opening = token["extension"], token[0]
        if name not in ("options", "comment", "nomarkdown"):
            return None
        if opening.endswith("/}"):
            return self._keep("nothing", opening)
        if 0 <= self._extension_end < token.end():
            self._extension_end = self._text.find("{:/", token.end())
        end = self._extension_end
        stop = self._text.find("}", end) if end >= 0 else -1
        if name == "options" or stop < 0 or self._text.find(MARK, token.end(), end) >= 0:
            return None
        self._position = stop + 1
        shown = name == "nomarkdown" and "latex" not in opening
        return self._keep("inline html" if shown else "nothing", self._text[token.end() : end])

    def _read_escape(self, token: re.Match[str]) -> str | None:
        escaped = token[0][1]
        if escaped in _NOT_ESCAPED:
            return self._keep("text", token[0])
        # Both a backslash at the end of a line and an escaped one break it.
        breaks = escaped == "\\" and self._text.startswith("\n", token.end())
        return "\\" if breaks else None

    def _read_tag(self, token: re.Match[str]) -> str | None:
        """Keep an element with raw content as a whole; what is not a tag becomes text."""
        name, rest = token["name"].lower(), token["rest"]
        if rest is None:
            return self._read_address(token)
        if (
            token["end"]
            or rest.endswith("/>")
            or name in VOID_ELEMENTS
            or name in BLOCK_ELEMENTS
            or not has_raw_content(name)
        ):
            return None
        end = self._find_end(name, token.end())
        if end < 0 or self._has_blank_between(token.end(), end):
            return None
        self._position = self._text.find(">", end) + 1
        return self._keep("inline html", self._text[token.start() : self._position])

    def _read_address(self, token: re.Match[str]) -> str | None:
        """Leave an address between angle brackets to the library; anything else becomes text."""
        if not self._text.startswith((":", "@"), token.end()):
            return f"<{APART}{token[0][1:]}"
        if token["name"] != "mailto":
            return None
        # kramdown shows the address alone.
        self._position += 1
        return "<"

    def _find_end(self, name: str, position: int) -> int:
        """Return where the end tag begins; -1 if there is none, or another element of the name begins before it."""
        if self._tags is None:
            self._tags = {}
            for tag in _TAG_START.finditer(self._text):
                self._tags.setdefault(tag[2].lower(), ([], []))[bool(tag[1])].append(tag.start())
        starts, ends = self._tags.get(name, ([], []))
        number = bisect_right(ends, position - 1)
        if number == len(ends) or self._text.find(">", ends[number]) < 0:
            return -1
        following = bisect_right(starts, position - 1)
        nested = following < len(starts) and starts[following] < ends[number]
        return -1 if nested else ends[number]

    def _read_bracket(self, token: re.Match[str]) -> str | None:
        """Join a label that a space parts from its text, and keep an address that the library would not take."""
        label = token["label"]
        if label is not None:
            return f"][{label}]" if label in self._source.links else None
        return f"]({self._keep('address', token['address'])}"

    def _read_stars(self, token: re.Match[str]) -> str:
        if token[0] == "****":
            return f"**{APART}**"
        return APART + token[0] if self._text[token.start() - 1].isalnum() else token[0] + APART


_READERS: dict[str, Callable[[_Spans, re.Match[str]], str | None]] = {
    "`": _Spans._read_code,
    "$": _Spans._read_formula,
    "{": _Spans._read_braces,
    "\\": _Spans._read_escape,
    "<": _Spans._read_tag,
    "]": _Spans._read_bracket,
    "*": _Spans._read_stars,
}
