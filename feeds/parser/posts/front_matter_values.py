"""Load the values of a well-formed header in YAML, TOML or JSON.

Scalars are text as written, so that ``title: 2021`` stays ``2021`` and :mod:`feeds.values.dates` parses all dates.
Booleans are booleans, and null is empty text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

LARGEST_HEADER = 64 * 1024
"""Characters; a longer header is read without YAML, and aliases may not expand to more text than this."""
DEEPEST = 64
"""Levels of nesting in a YAML header."""
MOST_DOTS = 500
"""Dots between two equals signs of a TOML header."""
# Characters that YAML does not allow, or interprets as the end of a line.
_NOT_PRINTED = r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff"
# Only values for which YAML has no rule of its own: no indicators, escapes, comments or nested structures.
_SIMPLE_LINE = re.compile(
    r"^([A-Za-z_][\w-]*+):(?: ++"
    rf"(?:(\"[^\"\\{_NOT_PRINTED}]*+\"|'[^'{_NOT_PRINTED}]*+')"
    rf"|([^\s?:,\[\]{{}}#&*!|>'\"%@`{_NOT_PRINTED}-][^:#{_NOT_PRINTED}]*+(?>(?::[^\s:#{_NOT_PRINTED}][^:#{_NOT_PRINTED}]*+)*))(?<! )))?$",
    re.MULTILINE,
)
# https://yaml.org/type/timestamp.html, as the libraries of Ruby read it: without seconds it is text.
_TIMESTAMP = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d\d:\d\d(?:\.\d*)?", re.ASCII)
_TEXT_TAG = "tag:yaml.org,2002:str"
_CONSTANTS: dict[str, object] = {
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], ""),
}
_TOML_BARE = re.compile(r"^([\w-]++)[ \t]*+=[ \t]*+([\d+-][^#,\]\n]*+)(?:#.*)?$", re.MULTILINE)
# Numbers stay text, so that an id such as 1e5 or 007 is not changed.
_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Timestamp(str):
    """The text of a plain scalar that YAML 1.1 reads as a time in UTC, because it has no offset."""

    __slots__ = ()


def parse_constant(text: str) -> object:
    """Return what a plain YAML scalar represents: a boolean, empty text for null, else the text itself.

    A time without an offset is a :class:`Timestamp`.

    ``yes``, ``no``, ``on`` and ``off`` stay text, as in YAML 1.2: a title may be one of these words.
    """
    # Comparing a character is cheaper than the pattern, and few values begin with a digit.
    if "0" <= text[:1] <= "9" and _TIMESTAMP.fullmatch(text):
        return Timestamp(text)
    return _CONSTANTS.get(text, text)


def read_simple_values(header: str) -> dict[str, object] | None:
    """Load a header of ``key: value`` lines alone, fast; None if only YAML can decide.

    The result is that of :func:`load_yaml`. Most headers are so simple, and loading the YAML library takes longer than
    parsing them.
    """
    found = _SIMPLE_LINE.findall(header)
    # A single line that does not match may change the meaning of all others.
    if len(found) != header.count("\n") + 1:
        return None
    return {key: text[1:-1] if text else parse_constant(plain) for key, text, plain in found}


def load_yaml(header: str) -> dict[str, object] | None:
    """Return the values of a YAML mapping, scalars as written; None if YAML refuses it or it is not a mapping.

    Booleans are resolved, null is empty text, and the last of equal keys counts. Also refused are a header over
    ``LARGEST_HEADER``, aliases that expand beyond that, nesting over ``DEEPEST``, and tags of applications (``!name``).
    So is text with an anchor that nothing refers to: it is text that happens to begin with ``&``.
    """
    import yaml

    if len(header) > LARGEST_HEADER:
        return None
    try:
        # The loader in C is much faster, but some builds of PyYAML do not have it.
        found = _Construction(
            yaml.parse(header, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        ).build_document()
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else {} if found == "" else None


class _Construction:
    """Builds values from the events of YAML, and stops when they become too many or too deep.

    It uses events instead of nodes, because the composer of PyYAML in C recurses without limit and crashes on deep nesting.
    """

    def __init__(self, events: Iterator[Any]) -> None:
        self.events = events
        self.left = 2 * LARGEST_HEADER
        self.anchors: dict[str, tuple[object, int]] = {}
        self.unused: set[str] = set()

    def build_document(self) -> object:
        kinds = [type(next(self.events)).__name__ for _ in range(2)]
        if kinds[1] == "StreamEndEvent":
            return ""
        found = self.build_value(next(self.events), 0)
        # Text that begins with `&`, such as `&c.`, looks like an anchor to YAML.
        if self.unused or len(list(self.events)) != 2:
            raise ValueError("an anchor that nothing refers to, or a second document")
        return found

    def build_value(self, event: Any, depth: int) -> object:  # noqa: ANN401 - PyYAML's stubs know no kinds of events
        # What an anchor costs is charged again for each alias, so that nested aliases cannot multiply.
        before = self.left
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self.resolve_alias(event.anchor)
        if depth > DEEPEST or (event.tag or "").startswith("!"):
            raise ValueError("nested too deep, or a tag of some application")
        self.use_budget(1 + (len(event.value) if kind == "ScalarEvent" else 0))
        found: object
        if kind == "ScalarEvent":
            is_text = event.style or event.tag == _TEXT_TAG
            found = event.value if is_text else parse_constant(event.value)
            if event.anchor:
                self.unused.add(event.anchor)
        else:
            found = self.build_sequence(depth) if kind == "SequenceStartEvent" else self.build_mapping(depth)
        if event.anchor:
            self.anchors[event.anchor] = found, before - self.left
        return found

    def use_budget(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ValueError("aliases make too much text")

    def resolve_alias(self, name: str) -> object:
        if name not in self.anchors:
            raise ValueError("an alias of nothing, or of what it is part of")
        found, size = self.anchors[name]
        self.unused.discard(name)
        self.use_budget(size)
        return found

    def build_sequence(self, depth: int) -> list[object]:
        found = []
        while type(event := next(self.events)).__name__ != "SequenceEndEvent":
            found.append(self.build_value(event, depth + 1))
        return found

    def build_mapping(self, depth: int) -> dict[str, object]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        while (kind := type(key := next(self.events)).__name__) != "MappingEndEvent":
            if kind != "ScalarEvent":
                raise ValueError("a key that is no text")
            self.build_value(key, depth)
            value = self.build_value(next(self.events), depth + 1)
            # The merge key of YAML 1.1, which Ruby's YAML supports; the first of several mappings wins.
            if key.value == "<<" and not key.style:
                for part in reversed(value if isinstance(value, list) else [value]):
                    merged |= part if isinstance(part, dict) else {}
            else:
                own[key.value] = value
        return {**merged, **own} if merged else own


def load_toml(text: str) -> dict[str, object] | None:
    """Return the values of a TOML table; None if TOML refuses it, it is too long, or a key has too many dots.

    The time of the standard library grows with the square of the dots in a key.
    """
    import tomllib

    if len(text) > LARGEST_HEADER or any(part.count(".") > MOST_DOTS for part in text.split("=")):
        return None
    try:
        values = tomllib.loads(text)
        # The standard library converts numbers and dates. The raw text is used if it has the same value.
        written = {m[1]: m[2].rstrip(" \t") for m in _TOML_BARE.finditer(text)}
        for key, value in values.items():
            raw = written.get(key, "")
            if raw and type(value) not in (str, bool) and tomllib.loads(f"k = {raw}") == {"k": value}:
                values[key] = raw
        return _as_written(values)
    except (ValueError, RecursionError):
        return None


def load_json(text: str) -> dict[str, object] | None:
    """Return a JSON object; None if it is none."""
    found = read_json(text)
    return found[0] if found and not text[found[1] :].strip() else None


def read_json(text: str) -> tuple[dict[str, object], int] | None:
    """Return the JSON object that a text begins with and where it ends; None if there is none."""
    try:
        values, end = _JSON.raw_decode(text)
        return (_as_written(values), end) if isinstance(values, dict) else None
    except (ValueError, RecursionError):
        return None


def _as_written(values: dict[str, Any]) -> dict[str, object]:
    return {str(key): _convert_value(value) for key, value in values.items()}


def _convert_value(value: object) -> object:
    if isinstance(value, dict):
        return _as_written(value)
    if isinstance(value, list):
        return [_convert_value(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | bool) else "" if value is None else str(value)


def quote_value(value: object) -> str:
    """Return a value as YAML, TOML and JSON all write it, the text in double quotes.

    Characters that YAML does not allow are escaped; a lone surrogate, which nothing can write, is replaced.
    """
    text = json.dumps(value, ensure_ascii=False)
    return _ODD.sub(lambda m: f"\\u{ord(m[0]):04x}", _SURROGATE.sub("\ufffd", text))


def flatten_list(value: object) -> list[object]:
    """Return the values of nested lists in one list; nil and mappings are left out."""
    if isinstance(value, list):
        return [v for part in value for v in flatten_list(part)]
    return [] if value is None or isinstance(value, dict) else [value]
