"""The values of Liquid's expressions: names, constants and filters, bounded in length."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from html import escape

from feeds.parser.posts.liquid_conditions import constant_of
from feeds.values.dates import parse_date

_STEP = re.compile(r"\.?([\w-]++)\??|\[\s*(?:\"([^\"]*+)\"|'([^']*+)'|(-?\d++))\s*\]")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_LONGEST_NAME = 500
_LONGEST_VALUE = 16 * 1024
"""Characters that filters may make of a value."""

Scope = Mapping[str, object]
"""Values by their names, also by full ones (``site.title``); a mapping holds those of its names."""


class TooLong(Exception):  # noqa: N818 - it ends one tag
    """A value grows beyond its bound."""


class Doubtful(str):
    """A value to show that a filter which is not known here should have changed: conditions do not know it."""

    __slots__ = ()


def evaluate(expression: str, scope: Scope) -> object:
    """Evaluate an expression with its filters; None for an unknown name.

    Raises:
        TooLong: a filter makes it longer than 16,384 characters.
    """
    queue = iter(_STRING.findall(expression))
    parts = [part.strip() for part in _STRING.sub("\x00", expression).split("|")]

    def restored(part: str) -> str:
        return re.sub("\x00", lambda _: next(queue), part)

    value = read_operand(restored(parts[0]), scope)[0]
    for part in parts[1:]:
        name, _, argument = restored(part).partition(":")
        value = _filtered(value, name.strip(), argument, scope)
    return value


def _filtered(value: object, name: str, argument: str, scope: Scope) -> object:
    text = None if name == "default" and value is False else text_of(value)
    if name not in _FILTERS:
        return text if text is None else Doubtful(text)
    arguments = [text_of(read_operand(one.strip(), scope)[0]) or "" for one in argument.split(",")]
    found = _FILTERS[name](text, arguments, scope)
    if found is not None and len(found) > _LONGEST_VALUE:
        raise TooLong
    return Doubtful(found) if found is not None and isinstance(value, Doubtful) else found


def read_operand(text: str, scope: Scope) -> tuple[object, bool]:
    """The value of a constant or a name, and whether there is one."""
    try:
        return constant_of(text), True
    except KeyError:
        pass
    try:
        return find_value(scope, text), True
    except KeyError:
        return None, False


def find_value(scope: Scope, name: str) -> object:
    """The value of a name such as ``page.tags[0]``.

    Raises:
        KeyError: there is none.
    """
    if name in scope:
        return scope[name]
    value: object = scope
    position = 0
    while position < min(len(name), _LONGEST_NAME):
        step = _STEP.match(name, position)
        if not step:
            raise KeyError(name)
        position = step.end()
        value = _value_in(value, next(group for group in step.groups() if group is not None))
    if position < len(name) or not name:
        raise KeyError(name)
    return value


def _value_in(value: object, key: str) -> object:
    """What a mapping, a list or a text has under a name.

    Raises:
        KeyError: nothing.
    """
    if isinstance(value, Mapping) and key in value:
        return value[key]
    if isinstance(value, (list, str, Mapping)) and key == "size":
        return str(len(value))
    if isinstance(value, list):
        index = {"first": "0", "last": "-1"}.get(key, key)
        if re.fullmatch(r"-?\d{1,9}", index) and -len(value) <= int(index) < len(value):
            return value[int(index)]
    raise KeyError(key)


def text_of(value: object) -> str | None:
    """A value as it is shown; None for what is not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else None


def site_text(scope: Scope, name: str) -> str:
    """A text of the site; empty if there is none."""
    try:
        return text_of(find_value(scope, f"site.{name}")) or ""
    except KeyError:
        return ""


def _absolute(value: str | None, _: list[str], scope: Scope) -> str | None:
    base = site_text(scope, "url") + site_text(scope, "baseurl")
    if value is None or re.match(r"[a-z][a-z0-9+.-]*:", value):
        return value
    return base.rstrip("/") + "/" + value.lstrip("/")


def _relative(value: str | None, _: list[str], scope: Scope) -> str | None:
    return None if value is None else site_text(scope, "baseurl").rstrip("/") + "/" + value.lstrip("/")


def _replace(value: str | None, arguments: list[str], _: Scope) -> str | None:
    old, new = [*arguments, ""][:2]
    if value is None or len(arguments) < 2 or not old:
        return value
    grown = len(value) + value.count(old) * (len(new) - len(old))
    if grown > _LONGEST_VALUE:
        raise TooLong
    return value.replace(old, new)


def _date(value: str | None, arguments: list[str], _: Scope) -> str | None:
    """A date in another form; as it is, if it is none."""
    date = parse_date(value, UTC) if value else None
    try:
        return date.strftime(arguments[0]) if date and arguments[0] else value
    except (ValueError, UnicodeError):
        return value


_Filter = Callable[["str | None", list[str], Scope], "str | None"]
_FILTERS: Mapping[str, _Filter] = {
    "escape": lambda v, a, s: None if v is None else escape(v),
    "xml_escape": lambda v, a, s: None if v is None else escape(v),
    "upcase": lambda v, a, s: None if v is None else v.upper(),
    "downcase": lambda v, a, s: None if v is None else v.lower(),
    "strip": lambda v, a, s: None if v is None else v.strip(),
    "append": lambda v, a, s: (v or "") + a[0],
    "prepend": lambda v, a, s: a[0] + (v or ""),
    "default": lambda v, a, s: v or a[0],
    "replace": _replace,
    "date": _date,
    "relative_url": _relative,
    "absolute_url": _absolute,
}
