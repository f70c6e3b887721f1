"""Filters of Jekyll that choose from lists, group them and change them (``Jekyll::Filters``)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from liquid import Environment
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, tokenize
from liquid.exceptions import FilterError, LiquidError
from liquid.filter import with_context
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string as _stringify
from liquid.token import TOKEN_EXPRESSION, Token
from liquid.undefined import is_undefined

_COST: Final = 8
"""Characters that an evaluation of an expression counts as."""
_NUMBER: Final = re.compile(r"\s*+-?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})\s*+")
Evaluate = Callable[[object], object]


def to_text(value: object) -> str:
    """Return a value as Liquid shows it: a mapping as Ruby writes it."""
    if isinstance(value, tuple):  # an entry of a mapping
        value = list(value)
    is_mapping = isinstance(value, Mapping) and not is_nil(value)  # the library's unknown value is a mapping
    return inspect(value) if is_mapping else _stringify(value, autoescape=False)


def inspect(value: object) -> str:
    """Return a value as Ruby's ``inspect`` writes it."""
    if is_nil(value):
        return "nil"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{inspect(key)}=>{inspect(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(inspect, value)) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return _stringify(value, autoescape=False)


def is_nil(value: object) -> bool:
    """Return whether a value is nil or unknown."""
    return value is None or is_undefined(value)


def parse_expression(
    kind: type[BooleanExpression | FilteredExpression], environment: Environment, text: str
) -> Any:  # noqa: ANN401 - the library's expressions
    """Parse the text of a condition or of a value."""
    return kind.parse(environment, TokenStream(tokenize(text, Token(TOKEN_EXPRESSION, text, 0, text))))


# A filter in a loop gets the same expression again and again.
_parse_once = lru_cache(maxsize=64)(parse_expression)


def _list_items(value: object) -> list[object]:
    """Return the items of a list or the values of a mapping.

    Raises:
        FilterError: it is neither.
    """
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, (list, tuple)):
        return list(value)
    raise FilterError("expected a list", token=None)


def _get_property(item: object, path: object) -> object:
    """Return the value at a path such as ``author.name``; nil if an item has none."""
    for name in to_text(path).split("."):
        item = item.get(name) if isinstance(item, Mapping) else None
    return item


def _has_value(item: object, wanted: object) -> bool:
    """Compare as Jekyll does: by text, and with each element of a list."""
    if is_nil(wanted):
        return is_nil(item)
    if is_nil(item):
        return False
    parts = item if isinstance(item, (list, tuple)) else [item]
    return any(to_text(part) == to_text(wanted) for part in parts)


def _choose(value: object, path: object, wanted: object = None) -> Iterable[object]:
    return (item for item in _list_items(value) if _has_value(_get_property(item, path), wanted))


def _build_test(
    kind: type[BooleanExpression | FilteredExpression],
    context: Any,  # noqa: ANN401
    name: object,
    text: object,
) -> Evaluate:
    """Return a function that evaluates an expression for an item, which has the given name in it."""

    def evaluate(item: object) -> object:
        # Loops over lists of items multiply.
        context.env.rendering.reserve_room(_COST)
        try:
            with context.extend({to_text(name): item}):
                return _parse_once(kind, context.env, to_text(text)).evaluate(context)
        except LiquidError as error:  # its place is in the text of the expression, not in that of the post
            raise FilterError(str(error), token=None) from error

    return evaluate


@with_context
def _choose_by_condition(value: object, name: object, text: object, *, context: Any) -> list[object]:  # noqa: ANN401
    return list(filter(_build_test(BooleanExpression, context, name, text), _list_items(value)))


@with_context
def _find_by_condition(value: object, name: object, text: object, *, context: Any) -> object:  # noqa: ANN401
    return next(filter(_build_test(BooleanExpression, context, name, text), _list_items(value)), None)


def _group(items: Iterable[object], name_group: Evaluate) -> list[dict[str, object]]:
    groups: dict[str, dict[str, Any]] = {}
    for item in items:
        name = name_group(item)
        group = groups.setdefault(inspect(name), {"name": name, "items": [], "size": 0})
        group["items"].append(item)
        group["size"] += 1
    return list(groups.values())


@with_context
def _group_by_expression(value: object, name: object, text: object, *, context: Any) -> object:  # noqa: ANN401
    return _group(_list_items(value), _build_test(FilteredExpression, context, name, text))


def _compact(value: object, path: object = None) -> list[object]:
    items = _list_items(value)
    return [item for item in items if not is_nil(item if is_nil(path) else _get_property(item, path))]


def _map(value: object, key: object) -> list[object]:
    items = [value] if isinstance(value, Mapping) else _list_items(value)
    if not all(isinstance(item, Mapping) for item in items):
        raise FilterError("expected mappings", token=None)
    return [item.get(to_text(key)) for item in items if isinstance(item, Mapping)]


def _sort(value: object, path: object = None, nils: object = "first") -> list[object]:
    items = [
        (item if is_nil(path) else _to_number(_get_property(item, path)), item) for item in _list_items(value)
    ]
    empty = [item for key, item in items if is_nil(key)]
    known: list[Any] = [pair for pair in items if not is_nil(pair[0])]
    found = [item for _, item in sorted(known, key=lambda pair: pair[0])]
    return empty + found if nils == "first" else found + empty


def _to_number(value: object) -> object:
    """Return the number that a text is, because Jekyll sorts such texts as numbers."""
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value


def _split(value: object, separator: object = " ") -> list[str]:
    """Split as Ruby does: a space means any white space, and empty texts at the end are left out."""
    text, mark = to_text(value), to_text(separator)
    if mark == " ":
        return text.split()
    parts = text.split(mark) if mark else list(text)
    while parts and not parts[-1]:
        parts.pop()
    return parts


def _to_count(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise FilterError("expected a number of items", token=None)
    return value


LIST_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "compact": _compact,
    "find": lambda value, path, wanted=None: next(iter(_choose(value, path, wanted)), None),
    "find_exp": _find_by_condition,
    "group_by": lambda value, path: _group(
        _list_items(value), lambda item: to_text(_get_property(item, path))
    ),
    "group_by_exp": _group_by_expression,
    "map": _map,
    "pop": lambda value, count=1: (items := _list_items(value))[: max(0, len(items) - _to_count(count))],
    "push": lambda value, item: [*_list_items(value), item],
    "shift": lambda value, count=1: _list_items(value)[_to_count(count) :],
    "sort": _sort,
    "split": _split,
    "unshift": lambda value, item: [item, *_list_items(value)],
    "where": lambda value, path, wanted=None: list(_choose(value, path, wanted)),
    "where_exp": _choose_by_condition,
}
