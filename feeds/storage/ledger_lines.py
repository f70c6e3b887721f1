"""The lines of ``ledger.jsonl``: read and checked like anything from outside, and written.

A person, a merge of version control or another machine may have changed the file. So every value is
checked before it names a folder, an id or a time: a line that is wrong in any way says nothing at all.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from feeds.values.slugs import is_slug
from feeds.values.urls import is_absolute_iri

_LONGEST_NAME = 1 << 16
_LONGEST_VALUE = 1 << 20
_SHOWN = 80
_EARLIEST = datetime(1800, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 12, 31, tzinfo=UTC) - timedelta(days=1)  # any zone can still write it
_KEYS = ("!", "url:", "iri:", "guid:", "text:", "item:")
_TERMS = ("category/", "tag/")


class Line(NamedTuple):
    """What a line says: of which kind it is, of what it speaks, and what it says of that."""

    kind: str
    name: str
    value: str


class BadLine(NamedTuple):
    """A line that is none of a ledger: its number from 1, why, and its bytes."""

    number: int
    reason: str
    data: bytes


def read_ledger(data: bytes) -> tuple[list[Line], list[BadLine]]:
    """The lines of a ledger, and those that are wrong; empty lines are passed over."""
    lines, bad = [], []
    for number, raw in enumerate(data.split(b"\n"), 1):
        if not raw.strip():
            continue
        try:
            lines.append(_parse(raw))
        except ValueError as error:
            bad.append(BadLine(number, str(error), raw))
    return lines, bad


def write_ledger(lines: Iterable[tuple[str, str, str]]) -> str:
    """The text of a ledger."""
    return "".join(
        json.dumps({kind: name, "value": value} if value else {kind: name}, ensure_ascii=False) + "\n"
        for kind, name, value in sorted(lines)
    )


def describe_mistake(line: tuple[str, str, str]) -> str:
    """What is wrong with a line that is stored already; empty if nothing is."""
    kind, name, value = line
    try:
        _check(kind, name, value)
    except ValueError as error:
        return str(error)
    return ""


def _parse(raw: bytes) -> Line:
    try:
        values = json.loads(raw.decode())
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    except ValueError as error:  # neither UTF-8 nor JSON: these are of this kind too
        raise ValueError("is no JSON in UTF-8") from error
    if not isinstance(values, dict):
        raise ValueError("is no JSON object")
    kinds = values.keys() - {"value"}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if kind not in _CHECKS:
        raise ValueError(f"must have one of the names {', '.join(KINDS)}, and nothing else but `value`")
    name, value = values[kind], values.get("value", "")
    _check(kind, name, value)
    return Line(kind, name, value)


def _check(kind: str, name: object, value: object) -> None:
    """Raises ValueError for a name or value that there cannot be in a line of this kind."""
    names, values = _CHECKS[kind]
    _check_text(kind, name, _LONGEST_NAME, names)
    _check_text("value", value, _LONGEST_VALUE, values)


def _check_text(key: str, text: object, longest: int, fits: Callable[[str], bool]) -> None:
    if not isinstance(text, str):
        raise ValueError(f"`{key}` is no text")
    if len(text) > longest:
        raise ValueError(f"`{key}` is longer than {longest} characters")
    if "\0" in text or not _is_whole(text):
        raise ValueError(f"`{key}` has a NUL or half a character in it")
    if not fits(text):
        raise ValueError(f"`{key}` cannot be {text[:_SHOWN]!r}")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_id(text: str) -> bool:
    """An id of an entry stands in documents: XML has no place for the last two."""
    return is_absolute_iri(text) and "\ufffe" not in text and "\uffff" not in text


def _is_key(text: str) -> bool:
    return text.startswith(_KEYS) and len(text) > 1


def _are_keys(text: str) -> bool:
    return all(_is_key(key) for key in text.split("\n"))


def _is_place(text: str) -> bool:
    """A source and the path of a file in it, which has no ``..``."""
    return "/" in text.strip("/") and ".." not in text.split("/")


def _is_item(text: str) -> bool:
    """A source and an item of it: a file's path, or whatever an upstream names it by."""
    _, of_file, path = text.partition("/path:")
    return "/" in text.strip("/") and not (of_file and ".." in path.split("/"))


def _is_term(text: str) -> bool:
    return text.startswith(_TERMS) and text not in _TERMS


def _is_nothing(text: str) -> bool:
    return not text


def _are_times(text: str) -> bool:
    try:
        times = [datetime.fromisoformat(one) for one in text.split()]
        return bool(times) and all(_EARLIEST <= one <= _LATEST for one in times)
    except (ValueError, TypeError, OverflowError):  # TypeError: a time without a zone
        return False


def _is_time(text: str) -> bool:
    return _are_times(text) and len(text.split()) == 1


def _are_two_times(text: str) -> bool:
    return _are_times(text) and len(text.split()) == 2


_CHECKS: dict[str, tuple[Callable[[str], bool], Callable[[str], bool]]] = {
    "alias": (_is_id, _is_id),
    "burnt": (_is_key, _is_nothing),
    "guess": (_is_item, _is_time),
    "id": (_is_key, _is_id),
    "keys": (_is_place, _are_keys),
    "sealed": (_is_id, _are_times),
    "slug": (_is_term, is_slug),
    "surfaced": (_is_id, _are_two_times),
    "withdrawn": (_is_id, _is_time),
}
"""What the name and the value of a line have to be, by its kind."""

KINDS = tuple(_CHECKS)
