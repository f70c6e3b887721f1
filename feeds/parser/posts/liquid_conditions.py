"""Conditions of Liquid's tags: comparisons joined by ``and`` and ``or``, as Liquid 4 evaluates them.

Values are None (nil), booleans, text (numbers too, as they are written) and lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

# A quoted text, an operator, a range, or a name with what stands in its brackets.
_PARTS = re.compile(
    r"\"[^\"]*+\"|'[^']*+'|[=!<>]=|<>|[<>]|\([^()]*+\)"
    r"|(?:\[(?:\"[^\"]*+\"|'[^']*+'|[^\[\]\"'])*+\]|[^\s\"'=!<>()|,\[])++|\S"
)
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d{1,300})?")
_EMPTY: Final = object()
_BLANK: Final = object()
_CONSTANTS: Final[Mapping[str, object]] = {
    "true": True,
    "false": False,
    "nil": None,
    "null": None,
    "empty": _EMPTY,
    "blank": _BLANK,
}

Lookup = Callable[[str], object]
"""Gives the value of a name. Raises KeyError for a name that nothing is known of."""


class Verdict(NamedTuple):
    """Whether a condition holds, and whether all of it could be evaluated."""

    holds: bool
    known: bool = True


def evaluate_condition(text: str, lookup: Lookup) -> Verdict:
    """Evaluate the condition of an ``if``: from right to left, for Liquid knows no precedence.

    What is not known is nil, and what is no condition does not hold.
    """
    clauses: list[list[str]] = [[]]
    joints = []
    for part in _PARTS.findall(text):
        if part == "|":  # an ``if`` takes no filters
            break
        if part in ("and", "or"):
            joints.append(part)
            clauses.append([])
        else:
            clauses[-1].append(part)
    verdicts = [_evaluate_clause(clause, lookup) for clause in clauses]
    holds = verdicts[-1].holds
    for verdict, joint in zip(verdicts[-2::-1], reversed(joints), strict=True):
        holds = verdict.holds and holds if joint == "and" else verdict.holds or holds
    return Verdict(holds, all(verdict.known for verdict in verdicts))


def matches_any(value: object, alternatives: str, lookup: Lookup) -> Verdict:
    """Say whether a ``when`` with these alternatives holds for the value of its ``case``."""
    found = [_read(part, lookup) for part in _PARTS.findall(alternatives) if part not in (",", "or", "|")]
    return Verdict(any(are_equal(value, one) for one, _ in found), all(known for _, known in found))


def constant_of(text: str) -> object:
    """The value that a text writes: a quoted text, a number, ``true``, ``false`` or ``nil``.

    Raises:
        KeyError: it is a name.
    """
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text if _NUMBER.fullmatch(text) else _CONSTANTS[text]


def is_true(value: object) -> bool:
    """Whether a value is true: all are but nil and ``false``, and what a header leaves empty."""
    return value is not None and value is not False and value != ""


def are_equal(left: object, right: object) -> bool:
    """Whether ``==`` holds. An empty value of a header stands for nil and for an empty text."""
    for one, other in ((left, right), (right, left)):
        if one is _EMPTY:
            return other == "" or other == [] or other == {}
        if one is _BLANK:
            return not is_true(other) or other == [] or (isinstance(other, str) and not other.strip())
    if left == "" and right is None:
        return True  # but nil is not equal to an empty text
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    numbers = _number(left), _number(right)
    return numbers[0] == numbers[1] if None not in numbers else left == right


def _evaluate_clause(clause: list[str], lookup: Lookup) -> Verdict:
    if len(clause) == 1:
        value, known = _read(clause[0], lookup)
        return Verdict(is_true(value), known)
    if len(clause) != 3 or clause[1] not in _OPERATORS:
        return Verdict(False, False)
    left, left_known = _read(clause[0], lookup)
    right, right_known = _read(clause[2], lookup)
    return Verdict(_OPERATORS[clause[1]](left, right), left_known and right_known)


def _read(text: str, lookup: Lookup) -> tuple[object, bool]:
    """The value of an operand and whether it is known."""
    try:
        return constant_of(text), True
    except KeyError:
        pass
    try:
        return lookup(text), True
    except KeyError:
        return None, False


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _is_less(left: object, right: object) -> bool:
    numbers = _number(left), _number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    return isinstance(left, str) and isinstance(right, str) and left < right


def is_at_most(left: object, right: object) -> bool:
    """Whether ``<=`` holds: for two numbers, or two texts."""
    return _is_less(left, right) or (isinstance(left, str) and are_equal(left, right))


def _contains(left: object, right: object) -> bool:
    if isinstance(left, list):
        return any(are_equal(one, right) for one in left)
    return isinstance(left, str) and isinstance(right, str) and right in left


_OPERATORS: Final[Mapping[str, Callable[[object, object], bool]]] = {
    "==": are_equal,
    "!=": lambda left, right: not are_equal(left, right),
    "<>": lambda left, right: not are_equal(left, right),
    "<": _is_less,
    ">": lambda left, right: _is_less(right, left),
    "<=": is_at_most,
    ">=": lambda left, right: is_at_most(right, left),
    "contains": _contains,
}
