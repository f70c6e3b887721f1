"""Parse, check and format the lines of ``ledger.jsonl``.

A person, a merge of version control or another machine may have changed the file. So every value is
checked before it is used as a folder, an id or a time. A line with any mistake is skipped as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from feeds.values.slugs import is_slug
from feeds.values.urls import is_absolute_iri

# The limits keep a hostile line from filling the memory; real values are far below.
_MAX_NAME = 1 << 16
_MAX_VALUE = 1 << 20
# A message quotes at most this many characters of a wrong value.
_SHOWN = 80
# An earlier time is more likely a mistake than the date of a post.
_EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)
# A day less than the greatest date, so that it can be converted to every time zone.
_LATEST = datetime(9999, 12, 31, tzinfo=UTC) - timedelta(days=1)
_KEYS = ("!", "url:", "iri:", "guid:", "text:", "item:", "page:")
_TERMS = ("category/", "tag/")


class Line(NamedTuple):
    """A line of a ledger: its kind, what it is about (an id, a key, an item or a term), and its value."""

    kind: str
    name: str
    value: str


FILE_IDS = Line("form", "file-ids", "path")
"""The line of a ledger that has a line for each id of a file that is not derived from source and path."""


class BadLine(NamedTuple):
    """An invalid line: its number from 1, the reason, and its bytes."""

    number: int
    reason: str
    data: bytes


def read_ledger(data: bytes) -> tuple[list[Line], list[BadLine]]:
    """Parse a ledger; return its valid lines and its invalid lines. Empty lines are skipped."""
    lines, bad = [], []
    # Not `splitlines`, which would also split at characters inside a value.
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            lines.append(_parse(raw))
        except ValueError as error:
            bad.append(BadLine(number, str(error), raw))
    return lines, bad


def write_ledger(lines: Iterable[tuple[str, str, str]]) -> str:
    """Format lines as the text of a ledger, in sorted order."""
    return "".join(
        # Without escapes, so that people can read the file and its differences.
        json.dumps({kind: name, "value": value} if value else {kind: name}, ensure_ascii=False) + "\n"
        for kind, name, value in sorted(lines)
    )


def describe_mistake(line: tuple[str, str, str]) -> str:
    """Return what is wrong with a stored line; empty if it is valid."""
    kind, name, value = line
    try:
        _check(kind, name, value)
    except ValueError as error:
        return str(error)
    return ""


def _parse(raw: bytes) -> Line:
    try:
        # Decoded first: `json.loads` would guess UTF-16 from NUL bytes.
        values = json.loads(raw.decode())
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except ValueError as error:  # the base class of the errors for wrong UTF-8 and wrong JSON
        raise ValueError("is not JSON in UTF-8") from error
    if not isinstance(values, dict):
        raise ValueError("is not a JSON object")
    kinds = values.keys() - {"value"}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind not in _CHECKS:
        raise ValueError(f"must have one of the names {', '.join(KINDS)}, and nothing else but `value`")
    name, value = values[kind], values.get("value", "")
    _check(kind, name, value)
    return Line(kind, name, value)


def _check(kind: str, name: object, value: object) -> None:
    """Raise ValueError if a line of this kind cannot have the name or the value."""
    names, values = _CHECKS[kind]
    _check_text(kind, name, _MAX_NAME, names)
    _check_text("value", value, _MAX_VALUE, values)


def _check_text(key: str, text: object, maximum: int, is_valid: Callable[[str], bool]) -> None:
    if not isinstance(text, str):
        raise ValueError(f"`{key}` is not a string")
    if len(text) > maximum:
        raise ValueError(f"`{key}` is longer than {maximum} characters")
    # SQLite ends a text at NUL, and half a character cannot be written to a document.
    if "\0" in text or not _is_encodable(text):
        raise ValueError(f"`{key}` contains a NUL or half a character")
    if not is_valid(text):
        raise ValueError(f"`{key}` cannot be {text[:_SHOWN]!r}")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(text: str) -> bool:
    # Ids are written into documents, and XML does not allow the last two characters.
    return is_absolute_iri(text) and "\ufffe" not in text and "\uffff" not in text


def _is_key(text: str) -> bool:
    return text.startswith(_KEYS) and len(text) > 1


def _are_keys(text: str) -> bool:
    return all(_is_key(key) for key in text.split("\n"))


def _is_file(text: str) -> bool:
    """Return whether the text is a source and the path of a file in it, without ``..``."""
    # The path is joined with a folder, so it must not lead out of it.
    return "/" in text.strip("/") and ".." not in text.split("/")


def _is_item(text: str) -> bool:
    """Return whether the text is a source and an item of it: the path of a file, or any id of an upstream."""
    _, is_path, path = text.partition("/path:")
    return "/" in text.strip("/") and not (is_path and ".." in path.split("/"))


def _is_term(text: str) -> bool:
    return text.startswith(_TERMS) and text not in _TERMS


def _is_empty(text: str) -> bool:
    return not text


def _are_times(text: str) -> bool:
    try:
        times = [datetime.fromisoformat(time) for time in text.split()]
        return bool(times) and all(_EARLIEST <= time <= _LATEST for time in times)
    except (ValueError, TypeError, OverflowError):  # TypeError: the time has no zone
        return False


def _is_time(text: str) -> bool:
    return _are_times(text) and len(text.split()) == 1


def _are_two_times(text: str) -> bool:
    return _are_times(text) and len(text.split()) == 2


_CHECKS: dict[str, tuple[Callable[[str], bool], Callable[[str], bool]]] = {
    "alias": (_is_id, _is_id),
    "burnt": (_is_key, _is_empty),
    FILE_IDS.kind: (FILE_IDS.name.__eq__, FILE_IDS.value.__eq__),
    "guess": (_is_item, _is_time),
    "id": (_is_key, _is_id),
    "keys": (_is_file, _are_keys),
    "renamed": (_is_item, _are_keys),
    "sealed": (_is_id, _are_times),
    "slug": (_is_term, is_slug),
    "surfaced": (_is_id, _are_two_times),
    "withdrawn": (_is_id, _is_time),
}
"""Maps a kind to the checks of the name and of the value."""

KINDS = tuple(_CHECKS)
