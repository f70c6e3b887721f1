"""Regular expressions of the configuration that would never come to an end."""

from __future__ import annotations

from collections.abc import Iterator
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MANY = 16
_REPEATS = (code.MAX_REPEAT, code.MIN_REPEAT)


def repeats_repeats(pattern: str) -> bool:
    """Whether a repetition without bound holds nothing that must be there but others, as in ``(a+)+``.

    What such a pattern may match can be divided among them in exponentially many ways, and Python
    tries all of them before it gives up. Other slow patterns are not found out.

    Raises:
        re.error: it is no regular expression.
    """
    return any(_hopeless(body) for body in _repeated(parser.parse(pattern)))


def _repeated(items: Any) -> Iterator[Any]:  # noqa: ANN401 - the parser's own lists
    """The bodies of all repetitions without bound, at any depth."""
    for operation, argument in items:
        if operation in _REPEATS and argument[1] >= _MANY:
            yield argument[2]
        for inner in _inside(operation, argument):
            yield from _repeated(inner)


def _inside(operation: Any, argument: Any) -> Iterator[Any]:  # noqa: ANN401
    """The parts of an operation that are patterns themselves."""
    if operation is code.BRANCH:
        yield from argument[1]
    elif operation is code.SUBPATTERN:
        yield argument[3]
    elif operation in (*_REPEATS, code.POSSESSIVE_REPEAT):
        yield argument[2]
    elif operation in (code.ASSERT, code.ASSERT_NOT):
        yield argument[1]
    elif operation is code.ATOMIC_GROUP:
        yield argument


def _hopeless(items: Any) -> bool:  # noqa: ANN401
    """Whether one way through the items holds a repetition without bound and nothing else that must be there."""
    endless = False
    for operation, argument in items:
        if operation in _REPEATS and argument[1] >= _MANY:
            endless = endless or len(argument[2]) == 1
        elif operation is code.SUBPATTERN:
            if not _hopeless(argument[3]):
                return False
            endless = True
        elif operation is code.BRANCH:
            if any(_hopeless(one) for one in argument[1]):
                endless = True
            else:
                return False
        elif operation is code.AT or (operation in _REPEATS and argument[0] == 0):
            continue
        else:
            return False
    return endless
