"""Convert a value of TOML to the type of its key, or describe what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from feeds.config.checks import check_path, resolve_path
from feeds.config.declare import Key

_EMPTY = "must not be empty; fill it in or remove the line"
_EXPECTED = {bool: "true or false", int: "an integer", str: "a string", Path: "a string"}
_LONGEST_NUMBER = 20
_GOT = ((bool, "the boolean"), (int, "the integer"), (float, "the number"), (str, "the string"))


class InvalidValueError(ValueError):
    """A value that its key does not accept; the text is the end of a message."""


def convert_value(key: Key, value: object, folder: Path) -> Any:  # noqa: ANN401 - the type of the key
    """Return a value in the type of its key. Paths are relative to ``folder``.

    Raises:
        InvalidValueError: the key does not accept it.
    """

    def make_path(kind: type, text: object) -> Path:
        if not isinstance(text, str):
            raise TypeError
        return resolve_path(folder, text)

    problem = _find_blank(value) if key.kind not in (bool, int) else ""
    if key.kind is Path and isinstance(value, str):
        problem = problem or check_path(value)
    if problem:
        raise InvalidValueError(problem)
    try:
        found = msgspec.convert(value, key.annotated, dec_hook=make_path)
    except msgspec.ValidationError as error:
        raise InvalidValueError(_describe(key, value)) from error
    problem = _find_repeated(key, found) or (key.details.check(found) if key.details.check else "")
    if problem:
        raise InvalidValueError(problem)
    return key.details.adapt(found) if key.details.adapt else found


def _find_blank(value: object) -> str:
    if isinstance(value, list):
        return "contains an empty string; remove it" if any(map(_find_blank, value)) else ""
    return _EMPTY if isinstance(value, str) and not value.strip() else ""


def _find_repeated(key: Key, value: object) -> str:
    if key.choices and isinstance(value, tuple):
        repeated = next((choice for choice in key.choices if value.count(choice) > 1), None)
        return f"contains {_quote(repeated)} twice; remove one" if repeated else ""
    return ""


def _describe(key: Key, value: object) -> str:
    """Describe why msgspec refused a value."""
    if key.is_array and isinstance(value, list):
        strange = [element for element in value if not isinstance(element, str)]
        if strange:
            return f"expected an array of strings, but it contains {_name_value(strange[0])}"
        if not value:
            names = f"name at least one of {_list_choices(key.choices)}" if key.choices else "add a value"
            return f"must not be empty; {names}"
        return _describe_choice(next(item for item in value if item not in key.choices), key.choices)
    if key.is_array:
        hint = f"; write [{_quote(value)}]" if isinstance(value, str) else ""
        return f"expected an array of strings, got {_name_value(value)}{hint}"
    if key.choices and isinstance(value, str):
        return _describe_choice(value, key.choices)
    if key.kind is int and type(value) is int:
        unit = f" {extra['unit']}" if (extra := key.bounds.extra) else ""
        return f"must be between {key.bounds.ge} and {key.bounds.le}{unit}, got {value}"
    return _describe_type(str if key.choices else key.kind, value)


def describe_kind(value: object, kinds: Sequence[str]) -> str:
    """Describe a value of ``kind`` that is none of the ``kinds``."""
    return _describe_choice(value, kinds) if isinstance(value, str) else _describe_type(str, value)


def _describe_type(kind: type, value: object) -> str:
    return f"expected {_EXPECTED[kind]}, got {_name_value(value)}{_advise_quotes(kind, value)}"


def _advise_quotes(kind: type, value: object) -> str:
    """Return how a value of TOML with too many or too few quotes is written."""
    if isinstance(value, str) and kind is not Path:
        plain = value.strip().lower()
        fits = plain.isdecimal() and plain.isascii() if kind is int else plain in ("true", "false")
        return f"; write {plain} without quotes" if fits else ""
    is_number = kind in (str, Path) and isinstance(value, int | float) and not isinstance(value, bool)
    return f'; write "{value}" in quotes' if is_number and len(str(value)) <= _LONGEST_NUMBER else ""


def _name_value(value: object) -> str:
    """Return a value of TOML with its type: ``the string "50"``."""
    for kind, words in _GOT:
        if isinstance(value, kind):
            return f"{words} {_quote(value)}"
    if isinstance(value, list | dict):
        return "an array" if isinstance(value, list) else "a table"
    return "a date or time"


def _describe_choice(value: str, choices: Sequence[str]) -> str:
    from difflib import get_close_matches  # needed only after a mistake

    similar = get_close_matches(value[:80], choices, 1, 0.5)
    advice = f"; did you mean `{similar[0]}`?" if similar else ""
    return f"invalid value {value[:80]!r}: expected {_list_choices(choices)}{advice}"


def _list_choices(choices: Sequence[str]) -> str:
    *others, last = map(_quote, choices)
    return f"{', '.join(others)} or {last}" if others else last


def _quote(value: object) -> str:
    """Return a value as TOML writes it, in one short line."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return str(value)[:80]
    shown = value[:80]
    return f'"{shown}"' if shown.isprintable() else repr(shown)
